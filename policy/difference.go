// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"

	"github.com/brobygger/brobygger/bridge"
)

// differ says how a decision under another policy is otherwise: nothing, a gain or
// a loss, or both where topics went either way. A change of the basis alone moves
// nobody, and is none.
func differ(q *bridge.Question, was, is bridge.Decision, err error) []bridge.Difference {
	base := bridge.Difference{
		Action: q.Action, FromRole: q.From.Role, FromOrg: unit(&q.From), ToRole: q.To.Role, ToOrg: unit(&q.To),
		Purpose: q.Purpose, Was: ground(was), Is: ground(is), Count: 1,
	}
	if q.From.Ref == "" {
		base.FromRole = bridge.RoleCode(q.From.Function)
	}
	if q.To.Ref == "" {
		base.ToRole = bridge.RoleCode(q.To.Function)
	}
	if err != nil {
		base.Direction, base.Topics, base.Is = bridge.DirectionError, q.Topics, []string{"policy_error"}
		if !was.Allow {
			return nil // it denied before, and an error denies
		}
		return []bridge.Difference{named(base)}
	}
	var all []bridge.Difference
	add := func(d bridge.Direction, one, other bridge.Decision) {
		if topics, differs := more(q, one, other); differs {
			x := base
			x.Direction, x.Topics = d, topics
			all = append(all, named(x))
		}
	}
	add(bridge.DirectionGain, is, was)
	add(bridge.DirectionLose, was, is)
	return all
}

// more returns what one lets pass and the other does not.
func more(q *bridge.Question, one, other bridge.Decision) ([]bridge.Topic, bool) {
	if !one.Allow {
		return nil, false
	}
	if len(q.Topics) == 0 {
		return nil, !other.Allow
	}
	var out []bridge.Topic
	for _, t := range q.Topics {
		if !slices.Contains(one.Redact, t) && (!other.Allow || slices.Contains(other.Redact, t)) {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out, len(out) > 0
}

// ground is why: the basis of a yes, the reasons of a no.
func ground(d bridge.Decision) []string {
	if d.Allow {
		return []string{d.Basis}
	}
	var out []string
	for _, r := range d.Reasons {
		out = append(out, string(r))
	}
	return out
}

// named gives a difference its id, which is that of its kind.
func named(d bridge.Difference) bridge.Difference {
	d.ID, d.Samples = "", nil
	kind := d
	kind.Count = 0
	raw, _ := json.Marshal(kind) // strings only
	sum := sha256.Sum256(raw)
	d.ID = hex.EncodeToString(sum[:6])
	return d
}

// samplesKept is how many decisions a difference names.
const samplesKept = 3

// tally counts differences by kind.
type tally map[string]*bridge.Difference

func (t tally) add(d bridge.Difference, sample string) {
	kept := t[d.ID]
	if kept == nil {
		d.Count = 0
		kept = &d
		t[d.ID] = kept
	}
	kept.Count++
	if sample != "" && len(kept.Samples) < samplesKept {
		kept.Samples = append(kept.Samples, sample)
	}
}

// list is the tally in order: gains first, then losses, the most frequent first.
func (t tally) list() []bridge.Difference {
	out := []bridge.Difference{}
	for _, id := range slices.Sorted(maps.Keys(t)) {
		d := *t[id]
		d.Samples = slices.Clone(d.Samples)
		out = append(out, d)
	}
	slices.SortStableFunc(out, func(a, b bridge.Difference) int {
		return cmp.Or(cmp.Compare(a.Direction, b.Direction), cmp.Compare(b.Count, a.Count))
	})
	return out
}
