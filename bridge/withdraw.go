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
	Disclosures int          `json:"disclosures"` // made before, under this consent
	Unconfirmed []Disclosure `json:"unconfirmed"` // of these, handed over, receipt not confirmed
	Affected    Change       `json:"affected"`
}

// DrainTime is how long a withdrawal waits at the most for open claims: the
// client's window of three seconds, and what clocks may differ (I5).
const DrainTime = 3500 * time.Millisecond

// Withdraw takes a consent back. From its commit on nothing is accepted or
// claimed under it; it is answered once no open claim relies on it, or the
// clients' window has passed, so that nothing can be shown any more (promise 2).
// Withdrawing again answers the same. Of a consent that was superseded the one in
// its place is withdrawn: it permits the same, and the patient says no to that.
func (b *Bridge) Withdraw(ctx context.Context, c Caller, p PatientID, id ConsentID) (Withdrawal, error) {
	// What it changes is worth knowing, and no ground for not withdrawing.
	change, err := b.PreviewWithdrawal(ctx, c, p, id)
	if err != nil {
		b.log.LogAttrs(ctx, slog.LevelWarn, "what a withdrawal changes is not known", slog.Any("error", err))
	}
	w := Withdrawal{Consent: id, Affected: change}
	var told pokes
	var line []ConsentID
	err = b.closing(ctx, c, p, func(g *passage, a answer) error {
		told = nil
		consent, err := g.tx.Consents().Consent(id)
		if errors.Is(err, ErrNotFound) || err == nil && consent.Patient != p {
			return &Error{Code: CodeNotFound, Message: "no such consent"}
		}
		if err != nil {
			return err
		}
		if consent, err = successor(g.tx, consent); err != nil {
			return err
		}
		if line, err = lineage(g.tx, consent); err != nil {
			return err
		}
		w.At = consent.EndedAt
		if consent.State == ConsentActive {
			w.At = a.Now
			if err := b.end(g, consent, ConsentWithdrawn, a, &told); err != nil {
				return err
			}
			if err := g.lock(EventConvLocked, change.Conversations, a, &told); err != nil {
				return err
			}
		} else if err := g.record(ledger.KindWithdrawn, a, consentWords(consent)); err != nil {
			return err
		}
		w.Disclosures, err = g.tx.Disclosures().Count(consent.ID)
		return err
	})
	if err != nil {
		return Withdrawal{}, err
	}
	b.poke(told)
	w.Unconfirmed, err = b.drain(ctx, p, line...)
	return w, err
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
func (b *Bridge) end(g *passage, consent Consent, state ConsentState, a answer, told *pokes) error {
	epoch, err := g.tx.Patients().Bump(consent.Patient)
	if err != nil {
		return err
	}
	consent.State, consent.EndedAt, consent.EndedEpoch, consent.EndedBy = state, a.Now, epoch, a.From.Ref
	if err := g.tx.Consents().Put(consent); err != nil {
		return err
	}
	parties, err := b.concerned(g, consent.Scope, a.Now)
	if err != nil {
		return err
	}
	e := Event{Kind: EventConsent, At: a.Now, Patient: consent.Patient, Consent: consent.ID, By: a.From.Ref, State: string(state)}
	if err := g.tellPatient(e, told, parties...); err != nil {
		return err
	}
	kind := ledger.KindWithdrawn
	if state == ConsentExpired {
		kind = ledger.KindExpired
	}
	return g.record(kind, a, consentWords(consent))
}

// lock tells the participants that a conversation has changed for them.
func (g *passage) lock(k EventKind, conversations []ConversationID, a answer, told *pokes) error {
	for _, id := range conversations {
		conv, err := g.tx.Conversations().Conversation(id)
		if err != nil {
			return err
		}
		for _, r := range conv.Participants {
			if err := told.append(g.tx, Event{Party: r, Kind: k, At: a.Now, Patient: conv.Patient, Conversation: id}); err != nil {
				return err
			}
		}
	}
	return nil
}

// drain waits until no claim that relies on the consents is open, or DrainTime has
// passed since the commit, on this machine's monotonic clock. What is then still
// open ends as unknown, and is returned.
func (b *Bridge) drain(ctx context.Context, p PatientID, ids ...ConsentID) ([]Disclosure, error) {
	ctx = context.WithoutCancel(ctx)
	limit := time.NewTimer(DrainTime)
	defer limit.Stop()
	b.tell(func(l Listener) { l.Draining(p) })
	for waiting := true; waiting; {
		signal, stop := b.drains.wait(p)
		open, err := b.open(ctx, p, ids)
		if err == nil && len(open) > 0 {
			select {
			case <-signal:
			case <-limit.C:
				waiting = false
			}
		}
		stop()
		if err != nil {
			return nil, b.told(err)
		}
		if len(open) == 0 {
			return nil, nil
		}
	}
	var left []Disclosure
	err := b.store.Update(Essential(ctx), p, func(tx Tx) error {
		open, err := tx.Disclosures().Find(DisclosureQuery{Patient: p, Consents: ids})
		left = open
		for i, d := range open {
			left[i].State = DisclosureUnknown
			if _, err := tx.Disclosures().Close(d.ID, DisclosureUnknown, b.now()); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		return nil, b.told(err)
	}
	return left, nil
}

func (b *Bridge) open(ctx context.Context, p PatientID, ids []ConsentID) (open []Disclosure, err error) {
	err = b.store.View(ctx, func(tx Tx) error {
		open, err = tx.Disclosures().Find(DisclosureQuery{Patient: p, Consents: ids})
		return err
	})
	return open, err
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
