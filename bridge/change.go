// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
)

// Change says what a grant or a withdrawal changes, or would change.
type Change struct {
	Conversations []ConversationID `json:"conversations"` // that open or close, in part or whole
	Gain          []Access         `json:"gain"`
	Lose          []Access         `json:"lose"`
	Partial       bool             `json:"partial,omitempty"` // there may be more: it was not all worked out in time
}

// Access is what one party can learn from another.
type Access struct {
	From   Ref     `json:"from"`
	To     Ref     `json:"to"`
	Topics []Topic `json:"topics"`
}

// supposed numbers the epochs of supposed snapshots, which are nobody's: a
// decider may remember what it made of a snapshot under its epoch.
var supposed atomic.Uint64

// suppose returns the snapshot as it would be with these consents.
func (s *Snapshot) suppose(consents []Consent) *Snapshot {
	next := *s
	next.Consents = consents
	next.Epoch = 1<<63 | supposed.Add(1)
	return &next
}

// PreviewGrant says what the grant would change, for who decides for the patient.
func (b *Bridge) PreviewGrant(ctx context.Context, c Caller, n NewGrant) (Change, error) {
	s, err := b.mayConsent(ctx, c, n.Patient)
	if err != nil {
		return Change{}, err
	}
	now := b.now()
	would := Consent{ID: "supposed", Patient: n.Patient, State: ConsentActive, GrantedBy: c.Party, GrantedAt: now, Evidence: Evidence{Form: FormSignedIn}}
	err = b.store.View(ctx, func(tx Tx) error {
		scope := n.Scope
		if scope == nil {
			r, err := tx.Consents().Request(n.Request)
			if err != nil || r.Patient != n.Patient {
				return &Error{Code: CodeNotFound, Message: "no such request"}
			}
			scope = &r.Scope
		}
		if err := scope.validate(); err != nil {
			return err
		}
		rule, err := b.rule(tx, s, scope, now)
		if err != nil {
			return err
		}
		would.Basis = rule.Basis
		would.Scope, err = scope.settle(rule, now)
		return err
	})
	if err != nil {
		return Change{}, b.told(err)
	}
	return b.compare(ctx, s, s.suppose(append(slices.Clone(s.Consents), would)), would.Scope)
}

// PreviewWithdrawal says what the withdrawal would change, for who decides for
// the patient. Of a consent that has ended, and goes on in no other, it changes
// nothing.
func (b *Bridge) PreviewWithdrawal(ctx context.Context, c Caller, p PatientID, id ConsentID) (Change, error) {
	s, err := b.mayConsent(ctx, c, p)
	if err != nil {
		return Change{}, err
	}
	var consent Consent
	var standing bool
	err = b.store.View(ctx, func(tx Tx) (err error) {
		consent, standing, err = s.standing(tx, id)
		return err
	})
	if err != nil {
		return Change{}, b.told(err)
	}
	if !standing {
		return Change{}, nil
	}
	left := slices.DeleteFunc(slices.Clone(s.Consents), func(x Consent) bool { return x.ID == consent.ID })
	return b.compare(ctx, s, s.suppose(left), consent.Scope)
}

// compare decides, for each pair that the scope is about, what may pass before
// and after. It asks the same policy as the gate.
func (b *Bridge) compare(ctx context.Context, before, after *Snapshot, scope Scope) (Change, error) {
	var ch Change
	var pairs [][2]Actor
	err := b.store.View(ctx, func(tx Tx) (err error) {
		pairs, err = b.pairs(tx, before, scope)
		return err
	})
	if err != nil {
		return ch, b.told(err)
	}
	for _, p := range pairs {
		if err := ctx.Err(); err != nil {
			return ch, fmt.Errorf("comparing what may pass: %w", err)
		}
		was, err := b.openTopics(ctx, before, p, scope)
		if err != nil {
			return ch, err
		}
		will, err := b.openTopics(ctx, after, p, scope)
		if err != nil {
			return ch, err
		}
		if gain := without(will, was); len(gain) > 0 {
			ch.Gain = append(ch.Gain, Access{p[0].Ref, p[1].Ref, gain})
		}
		if lose := without(was, will); len(lose) > 0 {
			ch.Lose = append(ch.Lose, Access{p[0].Ref, p[1].Ref, lose})
		}
	}
	return ch, b.touched(ctx, before, scope, &ch)
}

// pairs lists who tells whom under the scope now.
func (b *Bridge) pairs(tx Tx, s *Snapshot, scope Scope) ([][2]Actor, error) {
	from, err := b.resolve(tx, s, roleParties(tx, scope.From), b.now())
	if err != nil {
		return nil, err
	}
	to, err := b.resolve(tx, s, roleParties(tx, scope.To), b.now())
	if err != nil {
		return nil, err
	}
	var pairs [][2]Actor
	for _, f := range from {
		for _, t := range to {
			if f.Ref == "" || t.Ref == "" || f.Ref == t.Ref {
				continue
			}
			pairs = append(pairs, [2]Actor{f.Actor, t.Actor})
			if scope.Both {
				pairs = append(pairs, [2]Actor{t.Actor, f.Actor})
			}
		}
	}
	return pairs, nil
}

// openTopics lists the scope's topics that may pass in the pair, for any of its purposes.
func (b *Bridge) openTopics(ctx context.Context, s *Snapshot, pair [2]Actor, scope Scope) ([]Topic, error) {
	var open []Topic
	pair[1].Assurance = AssuranceSubstantial
	for _, p := range scope.Purposes {
		q := Question{Action: ActionRead, From: pair[0], To: pair[1], Purpose: p, Topics: scope.Topics, Case: scope.Case}
		a, err := b.answer(ctx, s, q)
		if err != nil {
			return nil, err
		}
		if a.Allow {
			open = union(open, without(scope.Topics, a.Redact))
		}
	}
	return open, nil
}

func without[T comparable](x, y []T) []T {
	return slices.DeleteFunc(slices.Clone(x), func(v T) bool { return slices.Contains(y, v) })
}

// touched lists the conversations in which a changed pair talks.
func (b *Bridge) touched(ctx context.Context, s *Snapshot, scope Scope, ch *Change) error {
	if len(ch.Gain)+len(ch.Lose) == 0 {
		return nil
	}
	err := b.store.View(ctx, func(tx Tx) error {
		convs, err := tx.Conversations().Find(ConversationQuery{Patient: s.Patient.ID, Limit: 1000})
		if err != nil {
			return err
		}
		for _, conv := range convs {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("looking for conversations: %w", err)
			}
			if !slices.Contains(scope.Purposes, conv.Purpose) {
				continue
			}
			now, err := b.resolve(tx, s, conv.Members, b.now())
			if err != nil {
				return err
			}
			if slices.ContainsFunc(slices.Concat(ch.Gain, ch.Lose), func(a Access) bool { return talks(conv, now, a) }) {
				ch.Conversations = append(ch.Conversations, conv.ID)
			}
		}
		return nil
	})
	if err != nil {
		return b.told(err)
	}
	return nil
}

func talks(conv Conversation, now []recipient, a Access) bool {
	in := func(r Ref) bool {
		return slices.Contains(conv.Participants, r) || slices.ContainsFunc(now, func(x recipient) bool { return x.Ref == r })
	}
	return in(a.From) && in(a.To)
}
