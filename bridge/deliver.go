// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// Claimant is the session that content is claimed for.
type Claimant struct {
	Session string
	Beat    uint64 // newest beat read from the session, captured before the call (I4)
	Fresh   bool   // the client keeps the freshness rule; without it no content is given
}

// Delivered is one event of a party's log as the session may see it.
type Delivered struct {
	Event      Event        `json:"event"`
	Message    *Message     `json:"message,omitempty"` // redacted as decided; nil when withheld
	Disclosure DisclosureID `json:"disclosure,omitempty"`
	Withheld   []Code       `json:"withheld,omitempty"` // why there is no content
}

// Reasons for withholding that are the bridge's own; the others are the policy's.
const (
	ReasonNotFresh  Code = "client_not_fresh" // the client does not keep the freshness rule
	ReasonRetracted Code = "retracted"        // by its sender, before it was shown
	ReasonReturned  Code = "returned"         // it went back to its sender
)

// Head returns the caller's place in their log, and the oldest n that is kept.
func (b *Bridge) Head(ctx context.Context, c Caller) (head Position, oldest uint64, err error) {
	head.Log = b.store.Log()
	err = b.store.View(ctx, func(tx Tx) (err error) {
		oldest, head.N, err = tx.Events().Bounds(c.Party)
		return err
	})
	if err != nil {
		err = b.told(err)
	}
	return head, oldest, err
}

// Deliver returns the events behind n, at most limit, in order and without a gap.
// What has content is claimed first: disclosure and entry are durable before it
// is returned (I3). A place older than what is kept is CodeResync.
func (b *Bridge) Deliver(ctx context.Context, c Caller, s Claimant, n uint64, limit int) ([]Delivered, bool, error) {
	if limit <= 0 || limit > 500 {
		limit = 500
	}
	var out []Delivered
	wanted := map[PatientID][]claim{}
	err := b.store.View(ctx, func(tx Tx) error {
		oldest, newest, err := tx.Events().Bounds(c.Party)
		if err != nil {
			return err
		}
		if n+1 < oldest || n > newest {
			return &Error{Code: CodeResync, Message: "that place in the log is not kept"}
		}
		events, err := tx.Events().After(c.Party, n, limit+1)
		if err != nil {
			return err
		}
		for i, e := range events {
			out = append(out, Delivered{Event: e})
			if !e.Kind.content() {
				continue
			}
			w, err := readClaim(tx, c, e.Message)
			if err != nil {
				return fmt.Errorf("reading the message of event %d: %w", e.N, err)
			}
			w.place = i
			wanted[e.Patient] = append(wanted[e.Patient], w)
		}
		return nil
	})
	if err != nil {
		return nil, false, b.told(err)
	}
	more := len(out) > limit
	if more {
		out = out[:limit]
	}
	for p, claims := range wanted {
		claims = slices.DeleteFunc(claims, func(w claim) bool { return w.place >= len(out) })
		done, err := b.claim(ctx, c, s, p, claims)
		if err != nil {
			b.unsent(ctx, c, out...)
			return nil, false, err
		}
		for i, w := range claims {
			d := &out[w.place]
			d.Message, d.Disclosure, d.Withheld = done[i].message, done[i].disclosure, done[i].withheld
		}
	}
	return out, more, nil
}

// claim is one message that the caller would be shown.
type claim struct {
	place    int // in the caller's own list
	message  Message
	delivery Delivery
	own      bool // sent by the caller, for whom it is no disclosure
}

// claimed is what became of a claim.
type claimed struct {
	message    *Message
	disclosure DisclosureID
	open       Disclosure // of that id
	withheld   []Code
}

func readClaim(tx Tx, c Caller, id MessageID) (claim, error) {
	m, err := tx.Messages().Message(id)
	if err != nil {
		return claim{}, err
	}
	w := claim{message: m, own: m.Sender == c.Party}
	if w.own {
		return w, nil
	}
	w.delivery, err = tx.Disclosures().Delivery(id, c.Party)
	if errors.Is(err, ErrNotFound) {
		// Somebody who was not a recipient, and reads as a member of the
		// conversation who came later. The gate decides on them as on anybody.
		w.delivery, err = Delivery{Message: id, Recipient: c.Party}, nil
	}
	return w, err
}

// settled answers a claim that needs no question.
func (w claim) settled(s Claimant) (claimed, bool) {
	switch {
	case w.own:
		m := w.message
		return claimed{message: &m}, true
	case w.message.State != MessageAccepted:
		return claimed{withheld: []Code{ReasonReturned}}, true
	case w.message.Retracted && w.delivery.State == DeliveryDelivered:
		m := w.message // that it is gone, to somebody who was shown it: no content
		return claimed{message: &m}, true
	case w.message.Retracted:
		return claimed{withheld: []Code{ReasonRetracted}}, true
	case w.delivery.State == DeliveryWithheld:
		return claimed{withheld: w.delivery.Reasons}, true
	case !s.Fresh:
		return claimed{withheld: []Code{ReasonNotFresh}}, true
	}
	return claimed{}, false
}

// claim takes messages about one patient through the gate, for showing them to
// the caller. The result stands at the place of its claim.
func (b *Bridge) claim(ctx context.Context, c Caller, s Claimant, p PatientID, claims []claim) ([]claimed, error) {
	out := make([]claimed, len(claims))
	var asked []int // place in claims of each question
	for i, w := range claims {
		done, ok := w.settled(s)
		if out[i] = done; !ok {
			asked = append(asked, i)
		}
	}
	if len(asked) == 0 {
		return out, nil
	}
	gone := make([]bool, len(asked))
	answers, err := b.pass(Reading(ctx), c, p, func(tx Tx, s *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		if err != nil {
			return nil, err
		}
		qs := make([]Question, len(asked))
		for i, at := range asked {
			m := claims[at].message
			if s != nil {
				if gone[i], err = s.ended(tx, claims[at].delivery.Consents); err != nil {
					return nil, err
				}
			}
			from, err := b.actor(tx, m.Sender)
			if err != nil {
				return nil, err
			}
			qs[i] = Question{Action: ActionRead, From: from, To: self, Purpose: m.Purpose, Topics: m.Topics(), Case: m.Case}
		}
		return qs, nil
	}, func(g *passage) error {
		for i, a := range g.answers {
			w := claims[asked[i]]
			if !a.Allow {
				continue
			}
			done, err := g.claim(c, s, w, a)
			if err != nil {
				return err
			}
			out[asked[i]] = done
		}
		return nil
	})
	if err != nil && !isDenial(err) {
		return nil, err
	}
	for _, done := range out {
		if done.disclosure != "" {
			b.keep(done.open, *done.message)
		}
	}
	for i, a := range answers {
		if !a.Allow && gone[i] {
			a.Reasons = union([]Code{CodeConsentWithdrawn}, a.Reasons)
		}
		if !a.Allow {
			out[asked[i]] = claimed{withheld: a.Reasons}
		}
	}
	if err := b.withhold(ctx, p, claims, out); err != nil {
		b.unsent(ctx, c, delivered(out)...)
		return nil, err
	}
	return out, nil
}

// unsent closes claims whose content is not returned after all: no byte of it is
// written (I10), so nobody is to wait for them. Where that can't be kept they
// stay open, the safe side.
func (b *Bridge) unsent(ctx context.Context, c Caller, of ...Delivered) {
	var ids []DisclosureID
	for _, d := range of {
		if d.Disclosure != "" {
			ids = append(ids, d.Disclosure)
		}
	}
	if len(ids) == 0 {
		return
	}
	if err := b.Close(context.WithoutCancel(ctx), c, ids, DisclosureUnsent); err != nil {
		b.log.LogAttrs(ctx, slog.LevelWarn, "claims stay open", slog.Int("claims", len(ids)), slog.Any("error", err))
	}
}

func delivered(all []claimed) []Delivered {
	out := make([]Delivered, len(all))
	for i, d := range all {
		out[i].Disclosure = d.disclosure
	}
	return out
}

// claim writes the disclosure of one message. Every consent that the message was
// accepted on for this recipient must still be active: a new consent does not
// revive what was sent under an old one (I6).
func (g *passage) claim(c Caller, s Claimant, w claim, a answer) (claimed, error) {
	ended, err := g.snapshot.ended(g.tx, w.delivery.Consents)
	if err != nil {
		return claimed{}, err
	}
	if ended {
		a.Allow, a.Reasons = false, []Code{CodeConsentWithdrawn}
		return claimed{withheld: a.Reasons}, g.record(ledger.KindDenied, a, messageWords(w.message))
	}
	d := Disclosure{
		ID: DisclosureID(newID(a.Now)), Patient: w.message.Patient, Message: w.message.ID, Recipient: c.Party,
		Session: s.Session, Beat: s.Beat, Epoch: g.snapshot.Epoch, State: DisclosureOpen, ClaimedAt: a.Now,
		Consents: union(w.delivery.Consents, a.Consents),
	}
	a.Redact = union(w.delivery.Redact, a.Redact)
	a.Consents = d.Consents
	leaf, err := g.recordLeaf(ledger.KindDisclosed, a, func(e *ledger.Entry) {
		messageWords(w.message)(e)
		e.Disclosure = string(d.ID)
	})
	if err != nil {
		return claimed{}, err
	}
	d.Seq = leaf.Entry.Seq
	if err := g.tx.Disclosures().Claim(d); err != nil {
		return claimed{}, fmt.Errorf("claiming: %w", err)
	}
	m := redact(w.message, a.Redact)
	m.Basis, m.Consents = a.Basis, d.Consents // the reader's own: of other recipients nothing is told
	return claimed{message: &m, disclosure: d.ID, open: d}, nil
}

func messageWords(m Message) func(*ledger.Entry) {
	return func(e *ledger.Entry) { e.Message, e.Conversation = string(m.ID), string(m.Conversation) }
}

// ended reports whether one of the consents is no longer active. One that was
// superseded goes on in its successor, and in that one's: the patient said yes to
// the same again.
func (s *Snapshot) ended(tx Tx, consents []ConsentID) (bool, error) {
	for _, id := range consents {
		if _, ok, err := s.standing(tx, id); err != nil || !ok {
			return true, err
		}
	}
	return false, nil
}

// standing finds the active consent that id is, or goes on in.
func (s *Snapshot) standing(tx Tx, id ConsentID) (Consent, bool, error) {
	for _, x := range s.Consents {
		if x.ID == id {
			return x, true, nil
		}
	}
	for _, x := range s.Consents {
		line, err := lineage(tx, x)
		if err != nil || slices.Contains(line, id) {
			return x, err == nil, err
		}
	}
	return Consent{}, false, nil
}

// lineage lists a consent and all that it superseded, newest first.
func lineage(tx Tx, x Consent) ([]ConsentID, error) {
	line := []ConsentID{x.ID}
	for x.Supersedes != "" && !slices.Contains(line, x.Supersedes) {
		line = append(line, x.Supersedes)
		var err error
		if x, err = tx.Consents().Consent(x.Supersedes); err != nil {
			return nil, fmt.Errorf("reading what a consent superseded: %w", err)
		}
	}
	return line, nil
}

func union[T comparable](x, y []T) []T {
	out := slices.Clone(x)
	for _, v := range y {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// withhold closes the account of pending deliveries that will not be shown (I8).
func (b *Bridge) withhold(ctx context.Context, p PatientID, claims []claim, done []claimed) error {
	var closing []Delivery
	for i, w := range claims {
		if w.own || w.delivery.State != DeliveryPending || done[i].message != nil {
			continue
		}
		d := w.delivery
		d.Reasons = done[i].withheld
		switch {
		case slices.Equal(d.Reasons, []Code{ReasonNotFresh}):
			continue // another client of theirs may show it
		case slices.Equal(d.Reasons, []Code{ReasonRetracted}):
			d.State = DeliveryExpired
		default:
			d.State = DeliveryWithheld
			b.meter.Withheld(d.Reasons[0])
		}
		closing = append(closing, d)
	}
	if len(closing) == 0 {
		return nil
	}
	err := b.store.Update(Essential(ctx), p, func(tx Tx) error {
		for _, d := range closing {
			now, err := tx.Disclosures().Delivery(d.Message, d.Recipient)
			if err != nil {
				return err
			}
			if now.State != DeliveryPending {
				continue // another device showed it meanwhile
			}
			if err := tx.Disclosures().PutDelivery(d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return b.told(err)
	}
	return nil
}

// Close closes claims by the client's word: shown, stale, or unsent (I10). Claims
// that are closed already, or another's, stay as they are.
func (b *Bridge) Close(ctx context.Context, c Caller, claims []DisclosureID, state DisclosureState) error {
	if state != DisclosureShown && state != DisclosureStale && state != DisclosureUnsent {
		return BadRequest("a claim is closed as shown, stale or unsent")
	}
	byPatient := map[PatientID][]openClaim{}
	err := b.store.View(ctx, func(tx Tx) error {
		for _, id := range claims {
			x, ok := b.claims.get(id)
			if !ok {
				d, err := tx.Disclosures().Disclosure(id)
				if err != nil && !errors.Is(err, ErrNotFound) {
					return err
				}
				x.disclosure = d
			}
			if x.disclosure.Recipient == c.Party {
				byPatient[x.disclosure.Patient] = append(byPatient[x.disclosure.Patient], x)
			}
		}
		return nil
	})
	if err != nil {
		return b.told(err)
	}
	for p, xs := range byPatient {
		if err := b.close(ctx, p, xs, state); err != nil {
			return b.told(err)
		}
		b.drains.signal(p)
		for _, x := range xs {
			b.claims.drop(x.disclosure.ID)
		}
	}
	return nil
}

func (b *Bridge) close(ctx context.Context, p PatientID, xs []openClaim, state DisclosureState) error {
	var told pokes
	var took []time.Duration
	err := b.store.Update(Essential(ctx), p, func(tx Tx) error {
		told, took = nil, nil
		at := b.now()
		for _, x := range xs {
			closed, err := tx.Disclosures().Close(x.disclosure.ID, state, at)
			if err != nil {
				return err
			}
			if !closed || state != DisclosureShown {
				continue
			}
			since, err := shown(tx, x, at, &told)
			if err != nil {
				return err
			}
			if since > 0 {
				took = append(took, since)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.poke(told)
	for _, t := range took {
		b.meter.Delivered(t)
	}
	return nil
}

// shown notes the first showing of a message, and tells its sender. It returns
// how long after acceptance that was, 0 when it was not the first.
func shown(tx Tx, x openClaim, at time.Time, told *pokes) (time.Duration, error) {
	d, m := x.disclosure, x.message
	v, err := tx.Disclosures().Delivery(d.Message, d.Recipient)
	if errors.Is(err, ErrNotFound) || err == nil && !v.ShownAt.IsZero() {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	v.State, v.ShownAt, v.Reasons = DeliveryDelivered, at, nil
	if err := tx.Disclosures().PutDelivery(v); err != nil {
		return 0, err
	}
	if m.ID == "" {
		if m, err = tx.Messages().Message(d.Message); err != nil {
			return 0, err
		}
	}
	return at.Sub(m.SentAt), told.append(tx, receipt(m, d.Recipient, ReceiptDelivered, at))
}

// receipt is the event that tells a message's sender of it.
func receipt(m Message, by Ref, k ReceiptKind, at time.Time) Event {
	return Event{
		Party: m.Sender, Kind: EventReceipt, At: at, Patient: m.Patient, Conversation: m.Conversation,
		Message: m.ID, By: by, State: string(k),
	}
}
