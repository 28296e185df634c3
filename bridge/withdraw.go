// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Withdrawal is the answer to a withdrawal.
type Withdrawal struct {
	Consent     ConsentID    `json:"consent"`
	At          time.Time    `json:"at"`          // when it took effect
	Disclosures int          `json:"disclosures"` // made before, under this consent and those that it took the place of
	Unconfirmed []Disclosure `json:"unconfirmed"` // of these, handed over, receipt not confirmed
	Affected    Change       `json:"affected"`    // what may not pass any more
}

// Withdraw takes a consent back. From its commit on nothing is accepted or
// claimed under it; it is answered once no open claim relies on it, or the
// clients' window has passed, so that nothing can be shown any more (I5, promise 2).
// Withdrawing again answers the same, after the same wait: whoever was cut off
// before the answer asks again. Of a consent that was superseded the one in its
// place is withdrawn: it permits the same, and the patient says no to that.
func (b *Bridge) Withdraw(ctx context.Context, c Caller, p PatientID, id ConsentID) (Withdrawal, error) {
	ctx = context.WithoutCancel(ctx) // a no that was spoken counts
	w := Withdrawal{Consent: id, Unconfirmed: []Disclosure{}}
	x, err := b.withdraw(ctx, c, p, &w)
	if err != nil {
		return Withdrawal{}, err
	}
	changed := make(chan Change, 1)
	go func() { changed <- b.withdrawn(ctx, x) }()
	ended := b.redecide(ctx, p)
	relied := DisclosureQuery{Patient: p, Consents: x.line}
	if err = b.drain(ctx, x.since, relied); err == nil {
		var left []Disclosure
		left, err = b.found(ctx, DisclosureUnknown, []DisclosureQuery{relied})
		w.Unconfirmed = append(w.Unconfirmed, left...)
	}
	w.Affected = <-changed
	return w, errors.Join(err, ended)
}

// withdrawing is a withdrawal between its commit and its answer.
type withdrawing struct {
	consent Consent     // as it ended
	line    []ConsentID // with what it superseded
	fresh   bool        // it ended now
	since   time.Time   // when that had been kept, by the monotonic clock
	a       answer
}

// withdraw commits, and announces.
func (b *Bridge) withdraw(ctx context.Context, c Caller, p PatientID, w *Withdrawal) (withdrawing, error) {
	var told pokes
	var x withdrawing
	err := b.closing(ctx, c, p, func(g *passage, a answer) error {
		told, x = nil, withdrawing{a: a}
		consent, err := g.tx.Consents().Consent(w.Consent)
		if errors.Is(err, ErrNotFound) || err == nil && consent.Patient != p {
			return &Error{Code: CodeNotFound, Message: "no such consent"}
		}
		if err != nil {
			return err
		}
		if x.consent, err = successor(g.tx, consent); err != nil {
			return err
		}
		if x.line, err = lineage(g.tx, x.consent); err != nil {
			return err
		}
		if x.fresh = x.consent.State == ConsentActive; x.fresh {
			x.consent, err = b.end(g, x.consent, ConsentWithdrawn, a, &told)
		} else {
			err = g.record(ledger.KindWithdrawn, a, consentWords(x.consent))
		}
		if err != nil {
			return err
		}
		w.At, w.Disclosures = x.consent.EndedAt, 0
		for _, id := range x.line {
			n, err := g.tx.Disclosures().Count(id)
			if err != nil {
				return err
			}
			w.Disclosures += n
		}
		return nil
	})
	if err != nil {
		return x, err
	}
	x.since = time.Now()
	if x.fresh {
		b.ended.put(x.consent.ID, x.since)
	} else if since, ok := b.ended.get(x.consent.ID); ok {
		x.since = since
	} // otherwise it was kept by another process, or before this one began: at the latest now
	b.tell(func(l Listener) { l.Draining(p) })
	b.poke(told)
	return x, nil
}

// affectedWithin bounds how long it is worked out what a withdrawal changed. It is
// worth knowing, and no ground for a later answer.
const affectedWithin = 250 * time.Millisecond

// withdrawn works out what a withdrawal changed, behind its commit, and tells
// those who talk where it did.
func (b *Bridge) withdrawn(ctx context.Context, x withdrawing) Change {
	brief, cancel := context.WithTimeout(ctx, affectedWithin)
	defer cancel()
	change, err := b.lost(brief, x.consent)
	if err != nil {
		change.Partial = true
		b.log.LogAttrs(ctx, slog.LevelWarn, "what a withdrawal changed is not known whole", slog.Any("error", err))
	}
	if !x.fresh || len(change.Conversations) == 0 {
		return change
	}
	var told pokes
	err = b.store.Update(Essential(ctx), x.consent.Patient, func(tx Tx) error {
		told = nil
		return tellConversations(tx, EventConvLocked, change.Conversations, x.a.Now, &told)
	})
	if err != nil { // it is told by consent.state too
		b.log.LogAttrs(ctx, slog.LevelWarn, "conversations are not told that they are locked", slog.Any("error", err))
		return change
	}
	b.poke(told)
	return change
}

// lost compares what is with what was when the consent stood.
func (b *Bridge) lost(ctx context.Context, consent Consent) (Change, error) {
	after, err := b.snapshot(ctx, consent.Patient)
	if err != nil {
		return Change{}, err
	}
	consent.State = ConsentActive
	return b.compare(ctx, after.suppose(append(slices.Clone(after.Consents), consent)), after, consent.Scope)
}

// successor is the newest of the consents that were put in this one's place.
func successor(tx Tx, c Consent) (Consent, error) {
	if c.State != ConsentSuperseded {
		return c, nil
	}
	all, _, err := tx.Consents().All(c.Patient)
	if err != nil {
		return c, err
	}
	for range all { // no line is longer
		i := slices.IndexFunc(all, func(x Consent) bool { return x.Supersedes == c.ID })
		if i < 0 {
			break
		}
		c = all[i]
	}
	return c, nil
}

// end closes an active consent and tells those it was about (I1).
func (b *Bridge) end(g *passage, consent Consent, state ConsentState, a answer, told *pokes) (Consent, error) {
	epoch, err := g.tx.Patients().Bump(consent.Patient)
	if err != nil {
		return consent, err
	}
	consent.State, consent.EndedAt, consent.EndedEpoch, consent.EndedBy = state, a.Now, epoch, a.From.Ref
	if err := g.tx.Consents().Put(consent); err != nil {
		return consent, err
	}
	parties, err := b.concerned(g, consent.Scope, a.Now)
	if err != nil {
		return consent, err
	}
	e := Event{Kind: EventConsent, At: a.Now, Patient: consent.Patient, Consent: consent.ID, By: a.From.Ref, State: string(state)}
	if err := g.tellPatient(e, told, parties...); err != nil {
		return consent, err
	}
	kind := ledger.KindWithdrawn
	if state == ConsentExpired {
		kind = ledger.KindExpired
	}
	return consent, g.record(kind, a, consentWords(consent))
}

// tellConversations tells the participants that conversations have changed, of
// those that have begun.
func tellConversations(tx Tx, k EventKind, conversations []ConversationID, at time.Time, told *pokes) error {
	for _, id := range conversations {
		conv, err := tx.Conversations().Conversation(id)
		if err != nil {
			return err
		}
		ok, err := begun(tx, conv)
		if err != nil {
			return err
		}
		if !ok {
			continue // nobody has it in a list
		}
		for _, r := range conv.Participants {
			if err := told.append(tx, Event{Party: r, Kind: k, At: at, Patient: conv.Patient, Conversation: id}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Consents lists a patient's consents and objections, oldest first: all of them
// for who decides for the patient, and for others those active ones that name
// them.
func (b *Bridge) Consents(ctx context.Context, c Caller, p PatientID) ([]Consent, []Objection, error) {
	s, mayErr := b.mayConsent(ctx, c, p)
	if mayErr != nil && c.Party.Type() != TypePractitionerRole {
		return nil, nil, mayErr
	}
	if mayErr == nil {
		var consents []Consent
		var objections []Objection
		err := b.store.View(ctx, func(tx Tx) (err error) {
			consents, objections, err = tx.Consents().All(s.Patient.ID)
			return err
		})
		if err != nil {
			return nil, nil, b.told(err)
		}
		return consents, objections, nil
	}
	return b.namedIn(ctx, c, p)
}

// namedIn lists the active consents and objections that name a professional who
// is involved with the patient.
func (b *Bridge) namedIn(ctx context.Context, c Caller, p PatientID) (consents []Consent, objections []Objection, err error) {
	_, err = b.pass(Reading(ctx), c, p, func(tx Tx, s *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		return []Question{{Action: ActionSee, From: self, To: self}}, err
	}, func(g *passage) error {
		consents, objections = nil, nil
		a := g.answers[0]
		for _, x := range g.snapshot.Consents {
			for _, party := range append(append([]Party{}, x.Scope.From...), x.Scope.To...) {
				if party.names(g.snapshot, a.To, a.Now) {
					consents = append(consents, x)
					break
				}
			}
		}
		for _, x := range g.snapshot.Objections {
			if stands(g.snapshot, x.Parties, a.To, a.Now) {
				objections = append(objections, x)
			}
		}
		return g.record(ledger.KindSeen, a, as("consents"))
	})
	return consents, objections, err
}
