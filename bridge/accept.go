// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// accept takes the message through the gate: message, deliveries, events and
// entry in one transaction (I2, I9). Nobody is told before it is durable (I7).
func (b *Bridge) accept(ctx context.Context, c Caller, o *outgoing) (Sent, error) {
	var told pokes
	answers, err := b.passOnce(ctx, c, o.conv.Patient, func(tx Tx, s *Snapshot) ([]Question, error) {
		qs, err := b.questions(tx, c, s, o)
		return append(qs, b.listening(o, qs)...), err
	}, func(g *passage) error {
		told, o.handed, o.joined = nil, nil, Conversation{}
		if o.held {
			m, err := g.tx.Messages().Message(o.message.ID)
			if err != nil {
				return err
			}
			if m.State != MessageHeld {
				return &Error{Code: CodeConflict, Message: "it went, or returned, by somebody else's hand"}
			}
			// Its sender has no session that could have ended.
			if x, err := readActor(g.tx, m.Sender); err != nil || !x.Active {
				return cmp.Or(err, errEpochMoved)
			}
		}
		return g.accept(o, &told)
	}, func(tx Tx) error {
		return unsentMID(tx, o)
	})
	if CodeOf(err) == CodeConflict || err != nil && !o.held && !isDenial(err) {
		// Perhaps it was sent before, and only its answer was lost. Nobody looks
		// before this: the store keeps a mid once, and says so.
		if old, found := b.taken(ctx, c, o); found {
			return b.sentBefore(ctx, old, o.message)
		}
	}
	if err != nil {
		return Sent{}, refused(err, o, answers)
	}
	if o.joined.ID != "" {
		b.talks.put(o.joined.ID, o.joined)
	}
	b.hand(ctx, o.handed)
	b.poke(told)
	b.meter.Sent(MessageAccepted)
	sent := Sent{Message: o.message.ID, Seq: o.message.Seq, State: MessageAccepted, At: o.message.SentAt}
	for i, a := range answers {
		sent.Recipients = append(sent.Recipients, seenBy(o.recipients[i], a))
	}
	return sent, nil
}

// unsentMID wants the mid of a new message to be free: what was taken once is not
// refused when it is sent again.
func unsentMID(tx Tx, o *outgoing) error {
	if o.held {
		return nil
	}
	_, err := tx.Messages().ByMID(o.message.Sender, o.message.MID)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err == nil:
		err = &Error{Code: CodeConflict, Message: "this mid was sent before"}
	}
	return err
}

// taken finds the message that was sent with o's mid before. One that was held
// has one itself, which says nothing while it still is.
func (b *Bridge) taken(ctx context.Context, c Caller, o *outgoing) (m Message, found bool) {
	err := b.store.View(ctx, func(tx Tx) (err error) {
		m, err = tx.Messages().ByMID(c.Party, o.message.MID)
		return err
	})
	return m, err == nil && (!o.held || m.State != MessageHeld)
}

// accept writes what the answers allow. Some recipient is allowed.
func (g *passage) accept(o *outgoing, told *pokes) error {
	m := &o.message
	g.complete(m)
	conv, err := g.join(o, told)
	if err != nil {
		return err
	}
	if m.Seq, err = g.tx.Conversations().NextSeq(conv.ID, m.SentAt); err != nil {
		return err
	}
	if m.Seq == 1 {
		if err := g.begin(o.conv, m.SentAt, told); err != nil {
			return err
		}
	}
	if err := g.tx.Messages().Put(*m); err != nil {
		return err
	}
	if err := g.claimAttachments(m); err != nil {
		return err
	}
	if err := g.deliveries(o); err != nil {
		return err
	}
	err = g.record(ledger.KindAccepted, g.summary(), func(e *ledger.Entry) {
		e.Conversation, e.Message, e.Consents = string(m.Conversation), string(m.ID), words(m.Consents)
	})
	if err != nil {
		return err
	}
	for _, r := range append([]Ref{m.Sender}, g.reached(o)...) {
		e := Event{Party: r, Kind: EventMessage, At: m.SentAt, Patient: m.Patient, Conversation: m.Conversation, Message: m.ID, By: m.Sender}
		if err := told.append(g.tx, e); err != nil {
			return err
		}
		if r == m.Sender { // no disclosure
			own := *m
			told.last().Message = &own
			continue
		}
		if err := g.claimEarly(o, told.last().Event); err != nil {
			return err
		}
	}
	return nil
}

// complete sets what the acceptance rests on: every consent that some recipient's
// part relies on (I6).
func (g *passage) complete(m *Message) {
	first := firstAllowed(g.answers)
	m.SentAt, m.Basis, m.Revision, m.Epoch = first.Now, first.Basis, first.Revision, g.snapshot.Epoch
	m.State, m.Consents, m.Request = MessageAccepted, nil, ""
	for _, a := range g.answers {
		for _, id := range a.Consents {
			if a.Allow && !slices.Contains(m.Consents, id) {
				m.Consents = append(m.Consents, id)
			}
		}
	}
}

// reached lists whom the answers allow, in order.
func (g *passage) reached(o *outgoing) []Ref {
	var refs []Ref
	for i, a := range g.answers {
		if a.Allow && o.recipients[i].Ref != "" {
			refs = append(refs, o.recipients[i].Ref)
		}
	}
	return refs
}

// join makes participants of those who are reached for the first time.
func (g *passage) join(o *outgoing, told *pokes) (Conversation, error) {
	reached := g.reached(o)
	if len(reached) == 0 {
		return Conversation{}, &Error{Code: CodeNotFound, Message: "nobody has this function for the patient now"}
	}
	if !slices.ContainsFunc(reached, func(r Ref) bool { return !slices.Contains(o.conv.Participants, r) }) {
		return o.conv, nil // nobody ever ceases to be one
	}
	conv, err := g.tx.Conversations().Conversation(o.conv.ID)
	if err != nil {
		return conv, err
	}
	defer func() { o.joined = conv }()
	joined := false
	for _, r := range reached {
		if slices.Contains(conv.Participants, r) {
			continue
		}
		conv.Participants, joined = append(conv.Participants, r), true
		e := Event{Party: r, Kind: EventConvAdded, At: o.message.SentAt, Patient: conv.Patient, Conversation: conv.ID}
		if err := told.append(g.tx, e); err != nil {
			return conv, err
		}
	}
	if !joined {
		return conv, nil
	}
	return conv, g.tx.Conversations().Put(conv)
}

// claimAttachments ties the attachments to the message; one that was tied to
// another meanwhile is a conflict.
func (g *passage) claimAttachments(m *Message) error {
	for i, a := range m.Attachments {
		now, _, err := g.tx.Messages().Attachment(a.ID, false)
		if err != nil {
			return err
		}
		if now.Message != "" && now.Message != m.ID {
			return &Error{Code: CodeConflict, Message: "the attachment is in another message"}
		}
		now.Message = m.ID
		m.Attachments[i] = now
		if err := g.tx.Messages().PutAttachment(now, nil); err != nil {
			return err
		}
	}
	return nil
}

// deliveries opens the account of each recipient (I8).
func (g *passage) deliveries(o *outgoing) error {
	o.deliveries = map[Ref]Delivery{}
	for i, a := range g.answers {
		r := o.recipients[i]
		if r.Ref == "" {
			continue
		}
		d := Delivery{Message: o.message.ID, Recipient: r.Ref, Via: r.via, State: DeliveryPending, Basis: a.Basis, Consents: a.Consents, Redact: a.Redact}
		if !a.Allow {
			d.State, d.Reasons = DeliveryWithheld, a.Reasons
		}
		if err := g.tx.Disclosures().PutDelivery(d); err != nil {
			return err
		}
		o.deliveries[r.Ref] = d
	}
	return nil
}

// summary is the answer that an entry for all recipients shows: the first one
// that was allowed, without a recipient when there are several.
func (g *passage) summary() answer {
	a := firstAllowed(g.answers)
	if len(g.answers) > 1 {
		a.To, a.Redact = Actor{}, nil
	}
	return a
}

// seenBy words an answer for the sender. Who it is behind a function or a unit
// is only told when the message may reach them.
func seenBy(r recipient, a answer) SeenBy {
	s := SeenBy{Recipient: r.Ref, Via: r.via, Allow: a.Allow, Basis: a.Basis, Redact: a.Redact, Reasons: a.Reasons, Remedies: addressed(a.Remedies, r)}
	if !a.Allow && r.via != (Party{}) {
		s.Recipient = ""
	}
	return s
}

// addressed words a remedy's scope with the party as the sender addressed it: a
// consent for "my psychiatrist" outlives a change of psychiatrist, and does not
// tell the asker who it is.
func addressed(in []Remedy, r recipient) []Remedy {
	if r.via == (Party{}) {
		return in
	}
	out := slices.Clone(in)
	for i, x := range out {
		if x.Scope == nil {
			continue
		}
		s := *x.Scope
		s.To = []Party{r.via}
		out[i].Scope = &s
	}
	return out
}

// refused adds the remedies as addressed to a denial.
func refused(err error, o *outgoing, answers []answer) error {
	var e *Error
	if !errors.As(err, &e) || e.Decision == nil || len(answers) == 0 || len(o.recipients) == 0 {
		return err
	}
	d := *e.Decision
	d.Remedies = addressed(d.Remedies, o.recipients[0])
	return &Error{Code: e.Code, Message: e.Message, Decision: &d, Err: e.Err}
}

// Preview says what each recipient would see of the draft, and whether they can
// be reached. It sends nothing; that somebody may be written to is itself told
// only through the gate, and recorded.
func (b *Bridge) Preview(ctx context.Context, c Caller, d Draft) ([]SeenBy, error) {
	if err := d.validate(); err != nil {
		return nil, err
	}
	o, err := b.prepare(ctx, c, d)
	if err != nil {
		return nil, err
	}
	answers, err := b.pass(ctx, c, o.conv.Patient, func(tx Tx, s *Snapshot) ([]Question, error) {
		return b.questions(tx, c, s, o)
	}, func(g *passage) error {
		return g.record(ledger.KindSeen, g.summary(), func(e *ledger.Entry) { e.Action, e.Conversation = "preview", string(o.conv.ID) })
	})
	if err != nil && !isDenial(err) {
		return nil, err
	}
	views := make([]SeenBy, len(answers))
	for i, a := range answers {
		views[i] = seenBy(o.recipients[i], a)
		if a.Allow {
			views[i].Parts = redact(o.message, a.Redact).Parts
		}
	}
	if err := b.reachRecipients(ctx, views); err != nil {
		return nil, err
	}
	return views, nil
}

// redact leaves out what carries one of the topics.
func redact(m Message, out []Topic) Message {
	if len(out) == 0 {
		return m
	}
	hit := func(ts []Topic) bool {
		return slices.ContainsFunc(ts, func(t Topic) bool { return slices.Contains(out, t) })
	}
	parts := make([]Part, len(m.Parts))
	for i, p := range m.Parts {
		if parts[i] = p; hit(p.Topics) {
			parts[i] = Part{Withheld: true}
		}
	}
	files := make([]Attachment, len(m.Attachments))
	for i, a := range m.Attachments {
		if files[i] = a; hit(a.Topics) {
			files[i] = Attachment{Withheld: true}
		}
	}
	m.Parts, m.Attachments = parts, files
	return m
}
