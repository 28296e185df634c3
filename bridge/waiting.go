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

// A message that was accepted for somebody, and refused when they fetched it,
// waits. Its sender is told at once. When what stood in the way is gone, an
// objection lifted, the care team mended, a role back, the gate decides again,
// and the message is delivered after all. What rested on a consent that has ended
// never is (I6).

const (
	waitingRetry = time.Hour     // until it is asked again though nobody said that anything changed
	waitingFor   = EventLifetime // from when it was sent; then it is withheld for good
	waitingLimit = 500           // in one round
)

// reasonsFor are the reasons for withholding that the sender may see: those that
// they would get for sending it now.
func (b *Bridge) reasonsFor(ctx context.Context, p PatientID, w claim, done claimed) []Code {
	if done.ended {
		return []Code{CodeConsentWithdrawn}
	}
	m := w.message
	_, answers, err := b.decide(ctx, p, func(tx Tx, _ *Snapshot) ([]Question, error) {
		from, err := b.self(tx, Caller{Party: m.Sender, Assurance: AssuranceSubstantial})
		if err != nil {
			return nil, err
		}
		to, err := b.actor(tx, w.delivery.Recipient)
		return []Question{{Action: ActionSend, From: from, To: to, Purpose: m.Purpose, Topics: m.Topics(), Case: m.Case}}, err
	})
	if err != nil || answers[0].Allow {
		return []Code{ReasonRecipient}
	}
	return answers[0].Reasons
}

// tellWithheld tells a sender that a recipient is not shown the message, or may be
// shown it after all.
func (p *pokes) tellWithheld(tx Tx, m Message, d Delivery, k ReceiptKind, at time.Time) error {
	d = d.forSender()
	e := receipt(m, d.Recipient, k, at)
	e.Reasons = d.Reasons
	return p.append(tx, e)
}

// anew asks again what waits, about every patient when p is empty, that was last
// refused before t.
func (b *Bridge) anew(ctx context.Context, p PatientID, t time.Time) error {
	byPatient := map[PatientID][]claim{}
	err := b.store.View(ctx, func(tx Tx) error {
		waiting, err := tx.Disclosures().Deliveries(DeliveryQuery{Waiting: true, Patient: p, AskedBefore: t, Limit: waitingLimit})
		if err != nil {
			return err
		}
		for _, d := range waiting {
			m, err := tx.Messages().Message(d.Message)
			if err != nil {
				return err
			}
			byPatient[m.Patient] = append(byPatient[m.Patient], claim{message: m, delivery: d})
		}
		return nil
	})
	for _, p := range sortedKeys(byPatient) {
		err = errors.Join(err, b.anewFor(ctx, p, byPatient[p]))
	}
	return err
}

// anewNow is anew for a patient for whom something was just mended. What goes
// wrong is made good by Sweep.
func (b *Bridge) anewNow(ctx context.Context, p PatientID) {
	if err := b.anew(context.WithoutCancel(ctx), p, b.now()); err != nil {
		b.log.LogAttrs(ctx, slog.LevelWarn, "what waits was not asked again", slog.Any("error", err))
	}
}

// anewFor decides on what waits about one patient, and delivers what may go.
func (b *Bridge) anewFor(ctx context.Context, p PatientID, waiting []claim) error {
	may := make([]bool, len(waiting))
	_, answers, err := b.decide(ctx, p, b.askAnew(ctx, waiting, may))
	if err != nil {
		return err
	}
	var released, stay []claim
	for i, w := range waiting {
		if may[i] && answers[i].Allow && !w.message.Retracted {
			released = append(released, w)
		} else {
			stay = append(stay, w)
		}
	}
	return errors.Join(b.deliverAfterAll(ctx, p, released), b.waitOn(ctx, p, stay))
}

// askAnew asks whether each may be shown to its recipient. may says whether that
// rests on nothing newer than the message: a consent that was given since does not
// revive it (I6).
func (b *Bridge) askAnew(ctx context.Context, waiting []claim, may []bool) ask {
	return func(tx Tx, s *Snapshot) ([]Question, error) {
		qs := make([]Question, len(waiting))
		for i, w := range waiting {
			from, err := b.actor(tx, w.message.Sender)
			if err != nil {
				return nil, err
			}
			// They are taken to be signed in as they must be; when they fetch it
			// the gate looks.
			to, err := b.self(tx, Caller{Party: w.delivery.Recipient, Assurance: AssuranceSubstantial})
			if err != nil {
				return nil, err
			}
			m := w.message
			qs[i] = Question{Action: ActionRead, From: from, To: to, Purpose: m.Purpose, Topics: m.Topics(), Case: m.Case}
			if may[i], err = b.onItsOwn(ctx, tx, s, qs[i], w.delivery.Consents); err != nil {
				return nil, err
			}
		}
		return qs, nil
	}
}

// onItsOwn reports whether the answer is yes with no consents but those that were
// relied on, all of which still stand.
func (b *Bridge) onItsOwn(ctx context.Context, tx Tx, s *Snapshot, q Question, relied []ConsentID) (bool, error) {
	var own []Consent
	for _, id := range relied {
		x, ok, err := s.standing(tx, id)
		if err != nil || !ok {
			return false, err
		}
		own = append(own, x)
	}
	a, err := b.answer(ctx, s.suppose(own), q)
	return a.Allow, err
}

// deliverAfterAll puts what waited into its recipients' logs, through the gate.
func (b *Bridge) deliverAfterAll(ctx context.Context, p PatientID, waiting []claim) error {
	if len(waiting) == 0 {
		return nil
	}
	var told pokes
	may := make([]bool, len(waiting))
	_, err := b.pass(ctx, Caller{}, p, b.askAnew(ctx, waiting, may), func(g *passage) error {
		told = nil
		for i, a := range g.answers {
			if !a.Allow || !may[i] {
				continue
			}
			if err := g.release(waiting[i], a, &told); err != nil {
				return err
			}
		}
		if len(told) == 0 {
			return &Error{Code: CodeConflict, Message: "nothing waits any more"}
		}
		return nil
	})
	if isDenial(err) || CodeOf(err) == CodeConflict {
		return nil // the next round sees what came between
	}
	if err == nil {
		b.poke(told)
	}
	return err
}

// release makes a delivery that waits a pending one, if nobody did meanwhile.
func (g *passage) release(w claim, a answer, told *pokes) error {
	d, err := g.tx.Disclosures().Delivery(w.message.ID, w.delivery.Recipient)
	if err != nil {
		return err
	}
	m, err := g.tx.Messages().Message(w.message.ID)
	if err != nil || d.AskedAt.IsZero() || m.Retracted {
		return err
	}
	d.State, d.Reasons, d.Refused, d.AskedAt = DeliveryPending, nil, nil, time.Time{}
	if err := g.tx.Disclosures().PutDelivery(d); err != nil {
		return err
	}
	e := Event{Party: d.Recipient, Kind: EventMessage, At: a.Now, Patient: m.Patient, Conversation: m.Conversation, Message: m.ID, By: m.Sender}
	if err := told.append(g.tx, e); err != nil {
		return err
	}
	if err := told.tellWithheld(g.tx, m, d, ReceiptPending, a.Now); err != nil {
		return err
	}
	return g.record(ledger.KindReleased, a, messageWords(m))
}

// waitOn notes that these were asked again in vain. What is too old, was taken
// back, or rested on what has ended, waits no longer.
func (b *Bridge) waitOn(ctx context.Context, p PatientID, waiting []claim) error {
	if len(waiting) == 0 {
		return nil
	}
	now := b.now()
	return b.store.Update(Essential(ctx), p, func(tx Tx) error {
		s, err := tx.Patients().Snapshot(p)
		if err != nil {
			return err
		}
		for _, w := range waiting {
			d, err := tx.Disclosures().Delivery(w.message.ID, w.delivery.Recipient)
			if err != nil {
				return err
			}
			if d.AskedAt.IsZero() {
				continue // it went meanwhile
			}
			_, ended, err := s.stand(tx, d.Consents)
			if err != nil {
				return err
			}
			d.AskedAt = now
			if ended || w.message.Retracted || now.Sub(w.message.SentAt) > waitingFor {
				d.AskedAt = time.Time{}
			}
			if err := tx.Disclosures().PutDelivery(d); err != nil {
				return err
			}
		}
		return nil
	})
}

// mended says that something has changed on which no patient's epoch tells, such
// as an account or a role: the next Sweep asks again all that waits.
func (b *Bridge) mended() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.askAll = true
}

// sweepWaiting asks again what was not asked for a while, everything when
// something was mended and when the bridge starts.
func (b *Bridge) sweepWaiting(ctx context.Context) error {
	b.mu.Lock()
	all := b.askAll
	b.askAll = false
	b.mu.Unlock()
	before := b.now()
	if !all {
		before = before.Add(-waitingRetry)
	}
	err := b.anew(ctx, "", before)
	if err != nil && all {
		b.mended()
	}
	return err
}

// onlyAssurance reports whether nothing is wrong but how the reader signed in:
// another session of theirs may be shown it.
func onlyAssurance(reasons []Code) bool {
	return slices.Equal(reasons, []Code{ReasonAssurance})
}
