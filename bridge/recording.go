// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"sync"
	"time"
)

// Decisions are recorded with what they were made on, in the transaction of the
// act or denial, so that another policy can be asked the same. A question that
// comes out the same again, for the same epoch under the same policy, is recorded
// once: what is kept grows with what differs, not with the messages.

// DefaultKeepDecisions is how long recorded decisions are kept where the operator
// says nothing else.
const DefaultKeepDecisions = 90 * 24 * time.Hour

// maxRecorded bounds the memory of what is recorded; a full one starts afresh,
// which records some once more.
const maxRecorded = 100_000

var recordSeed = maphash.MakeSeed()

// recorded remembers which decisions are in the store.
type recorded struct {
	mu   sync.Mutex // guards the following field
	keys map[uint64]struct{}
}

func (r *recorded) has(k uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.keys[k]
	return ok
}

func (r *recorded) add(keys []uint64) {
	if len(keys) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil || len(r.keys) >= maxRecorded {
		r.keys = map[uint64]struct{}{}
	}
	for _, k := range keys {
		r.keys[k] = struct{}{}
	}
}

// recordKey is a decision as far as it can differ: its question, its ground, its
// policy, and how it came out.
func recordKey(s *Snapshot, a *answer) uint64 {
	var h maphash.Hash
	h.SetSeed(recordSeed)
	text := func(all ...string) {
		for _, s := range all {
			_, _ = h.WriteString(s)
			_ = h.WriteByte(0)
		}
	}
	var n [17]byte
	binary.LittleEndian.PutUint64(n[:], s.Epoch)
	if !a.ValidUntil.IsZero() {
		binary.LittleEndian.PutUint64(n[8:], uint64(a.ValidUntil.UnixNano()))
	}
	if a.Allow {
		n[16] = 1
	}
	_, _ = h.Write(n[:])
	text(string(s.Patient.ID), a.Revision, string(a.Action), string(a.Purpose), a.Case, a.Basis)
	for _, x := range []*Actor{&a.From, &a.To} {
		text(string(x.Ref), string(x.Role), string(x.Sector), string(x.Function), string(x.Assurance))
		text(x.Organizations...)
		_ = h.WriteByte(map[bool]byte{true: 1}[x.Active])
	}
	for _, t := range a.Topics {
		text(string(t))
	}
	if a.Line != nil {
		text("line", map[bool]string{true: "involved"}[a.Line.Involved])
		for _, s := range a.Line.Sectors {
			text("sector", string(s))
		}
		for _, r := range a.Line.Roles {
			text("role", string(r))
		}
	}
	return h.Sum64()
}

// recordDecisions records the answers about the asked snapshot that are not yet;
// the keys are for once they are.
func (b *Bridge) recordDecisions(g *passage, asked *Snapshot, answers []answer) (fresh []uint64, err error) {
	if b.keepDecisions < 0 {
		return nil, nil
	}
	for i := range answers {
		a := &answers[i]
		k := recordKey(asked, a)
		if b.recorded.has(k) {
			continue
		}
		d := RecordedDecision{
			At: a.Now, Patient: g.snapshot.Patient.ID, Epoch: g.snapshot.Epoch, Action: a.Action, From: a.From, To: a.To, Purpose: a.Purpose,
			Topics: a.Topics, Case: a.Case, Line: a.Line, Allow: a.Allow, Basis: a.Basis, Redact: a.Redact, Reasons: a.Reasons, Revision: a.Revision,
		}
		if err := g.tx.Policies().Record(g.snapshot.ground(), d); err != nil {
			return nil, fmt.Errorf("recording a decision: %w", err)
		}
		fresh = append(fresh, k)
	}
	return fresh, nil
}

// forgetDecisions trims what is older than it is kept for.
func (b *Bridge) forgetDecisions(ctx context.Context) error {
	if b.keepDecisions < 0 {
		return nil
	}
	return b.store.Update(ctx, "", func(tx Tx) error {
		_, err := tx.Policies().Forget(b.now().Add(-b.keepDecisions), 1000)
		return err
	})
}
