// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// AcceptRing answers a ring on one device: all others stop, and a conversation
// with its caller opens. The gate is asked again. Who comes too late gets
// CodeRingTaken, with a view that says who answered, or CodeRingExpired.
func (b *Bridge) AcceptRing(ctx context.Context, c Caller, session string, id RingID) (RingView, error) {
	r, callers, err := b.myRing(ctx, c, id)
	if err != nil {
		return RingView{}, err
	}
	var told pokes
	var stopped []Ref
	_, err = b.passOnce(ctx, c, r.Patient, func(tx Tx, _ *Snapshot) ([]Question, error) {
		return b.answering(tx, c, &r, callers)
	}, func(g *passage) error {
		told, stopped = nil, nil
		now, err := g.tx.Rings().Ring(id)
		if err != nil {
			return err
		}
		if now.State == RingAccepted && now.By == c.Party && now.Device == session {
			r = now
			return g.record(ledger.KindOpened, g.answers[0], ringWords(r)) // its answer was lost
		}
		stopped = without(now.Ringing(), []Ref{c.Party})
		if err := now.Accept(c.Party, session, g.answers[0].Now); err != nil {
			return tooLate(now)
		}
		r = now
		return b.accepted(g, &r, stopped, &told)
	}, func(tx Tx) error {
		told, stopped = nil, nil
		return b.forbid(tx, id, c.Party, &told)
	})
	if err != nil {
		b.poke(told)
		if isDenial(err) {
			b.letGo(ctx, id, []Ref{c.Party})
			b.goOn(ctx, id)
		}
		v, _ := b.viewRing(ctx, c, id, false)
		return v, err
	}
	b.letGo(ctx, id, stopped)
	b.reserve(ctx, id, []Ref{c.Party}, talkTime)
	b.poke(told)
	return b.viewRing(ctx, c, id, false)
}

// talkTime is how long who talks is taken, at the longest.
const talkTime = 2 * time.Hour

// tooLate is what who did not answer is told.
func tooLate(r Ring) error {
	if r.State == RingAccepted || r.State == RingRinging {
		return &Error{Code: CodeRingTaken, Message: "somebody else answered, or it has stopped for you"}
	}
	return &Error{Code: CodeRingExpired, Message: "it does not ring any more"}
}

// myRing reads a ring for somebody it rings or has rung, with the rule of its line
// where it rings them as the line's.
func (b *Bridge) myRing(ctx context.Context, c Caller, id RingID) (Ring, *Callers, error) {
	var r Ring
	var callers *Callers
	err := b.store.View(ctx, func(tx Tx) (err error) {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		r, err = tx.Rings().Ring(id)
		if errors.Is(err, ErrNotFound) || err == nil && r.Caller != c.Party && !r.Rung(c.Party) {
			return noRing()
		}
		if err == nil {
			callers, err = callersFor(tx, &r, c.Party)
		}
		return err
	})
	if err != nil {
		return r, nil, b.told(err)
	}
	return r, callers, nil
}

func noRing() error { return &Error{Code: CodeForbidden, Message: "no such ring for you"} }

// callersFor is the line's rule where the ring rang the party as one of its people.
func callersFor(tx Tx, r *Ring, party Ref) (*Callers, error) {
	if r.Line == "" {
		return nil, nil
	}
	l, err := tx.Lines().Line(r.Line)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i := len(r.Steps) - 1; i >= 0; i-- {
		if s := r.Steps[i]; slices.Contains(s.Targets, party) {
			if s.ofLine() || s.Via == viaHanded && slices.Contains(l.people(s.From), party) {
				return &l.Callers, nil
			}
			return nil, nil
		}
	}
	return nil, nil
}

// ofLine reports whether a step rang the line's own people.
func (s RingStep) ofLine() bool {
	return s.Via == viaRota || len(s.Via) > len(viaTier) && s.Via[:len(viaTier)] == viaTier
}

// Steps of the line's own people.
const (
	viaRota = "rota"
	viaTier = "tier-"
)

// answering asks whether the ring may reach who answers it, and what they may tell.
func (b *Bridge) answering(tx Tx, c Caller, r *Ring, callers *Callers) ([]Question, error) {
	self, err := b.self(tx, c)
	if err != nil {
		return nil, err
	}
	caller, err := b.self(tx, ringer(r))
	if err != nil {
		return nil, err
	}
	return ringQuestions(r, caller, []target{{self, callers, true}}), nil
}

// ringer is the caller of a ring, taken to be signed in as they must be.
func ringer(r *Ring) Caller { return Caller{Party: r.Caller, Assurance: AssuranceSubstantial} }

func ringWords(r Ring) func(*ledger.Entry) {
	return func(e *ledger.Entry) {
		e.Ring, e.Line, e.Conversation = string(r.ID), string(r.Line), string(r.Conversation)
	}
}

// accepted keeps a ring that was just answered, and opens its conversation.
func (b *Bridge) accepted(g *passage, r *Ring, stopped []Ref, told *pokes) error {
	a := g.answers[0]
	if x, err := readActor(g.tx, r.Caller); err != nil || !x.Active {
		return errors.Join(err, errEpochMoved)
	}
	r.agree(termsOf(r, a, g.early))
	r.Epoch, r.AnsweredAt = g.snapshot.Epoch, a.Now
	conv := Conversation{
		ID: ConversationID(newID(a.Now)), MID: string(r.ID) + "." + strconv.Itoa(len(r.Steps)), Patient: r.Patient, Purpose: r.Purpose,
		Case: r.Case, OpenedBy: r.Caller, Members: []Party{{Ref: r.Caller}, {Ref: r.By}}, Participants: []Ref{r.Caller, r.By},
		OpenedAt: a.Now, ChangedAt: a.Now,
	}
	if err := g.tx.Conversations().Put(conv); err != nil {
		return err
	}
	r.Conversation = conv.ID
	r.Rev++
	if err := g.tx.Rings().Put(*r); err != nil {
		return err
	}
	// Its caller has opened it, and gets it into the list with its first message.
	e := Event{Party: r.By, Kind: EventConvAdded, At: a.Now, Patient: r.Patient, Conversation: conv.ID, By: r.Caller}
	if err := told.append(g.tx, e); err != nil {
		return err
	}
	if err := told.tellStates(b, g.tx, *r, a.Now, r.Caller, r.By); err != nil {
		return err
	}
	if err := told.tellStop(b, g.tx, *r, stopElsewhere, a.Now, stopped); err != nil {
		return err
	}
	return g.record(ledger.KindOpened, a, ringWords(*r))
}

// forbid stops a ring for one target.
func (b *Bridge) forbid(tx Tx, id RingID, target Ref, told *pokes) error {
	r, err := tx.Rings().Ring(id)
	if err != nil {
		return err
	}
	if !slices.Contains(r.Ringing(), target) {
		return tooLate(r)
	}
	at := b.now()
	r.finish(target, RingedStopped, at)
	r.agree(RingTerms{Target: target})
	r.Rev++
	if err := tx.Rings().Put(r); err != nil {
		return err
	}
	return told.tellStop(b, tx, r, stopForbidden, at, []Ref{target})
}

// changeRing changes a ring for somebody it is about. What only stops something
// needs no decision, and is kept on a nearly full disk.
func (b *Bridge) changeRing(ctx context.Context, c Caller, id RingID, change func(Tx, *Ring, time.Time, *pokes) error) (Ring, error) {
	r, _, err := b.myRing(ctx, c, id)
	if err != nil {
		return r, err
	}
	var told pokes
	var before []Ref
	err = b.store.Update(Essential(context.WithoutCancel(ctx)), r.Patient, func(tx Tx) error {
		told = nil
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		now, err := tx.Rings().Ring(id)
		if err != nil {
			return err
		}
		before = slices.Clone(now.reaches())
		r = now
		return change(tx, &r, b.now(), &told)
	})
	if err != nil {
		return r, b.told(err)
	}
	b.poke(told)
	b.letGo(ctx, id, without(before, r.reaches()))
	return r, nil
}

// DeclineRing stops a ring for the caller, on all devices, with words for who
// rings, at most 120 characters each. The next people are rung when nobody is left.
func (b *Bridge) DeclineRing(ctx context.Context, c Caller, id RingID, reason, suggest string) (RingView, error) {
	if !short(reason, 0, 120) || !short(suggest, 0, 120) {
		return RingView{}, BadRequest("a reason or a suggestion of more than 120 characters")
	}
	r, err := b.changeRing(ctx, c, id, func(tx Tx, r *Ring, at time.Time, told *pokes) error {
		if err := r.Decline(c.Party, reason, suggest, at); err != nil {
			if r.declined(c.Party) {
				return nil // said again after a lost answer
			}
			return tooLate(*r)
		}
		r.Rev++
		if err := tx.Rings().Put(*r); err != nil {
			return err
		}
		if err := told.tellStates(b, tx, *r, at, r.Caller); err != nil {
			return err
		}
		return told.tellStop(b, tx, *r, stopDeclined, at, []Ref{c.Party})
	})
	if err != nil {
		return RingView{}, err
	}
	if r.State == RingRinging && len(r.Ringing()) == 0 {
		b.goOn(ctx, id)
	}
	return b.viewRing(ctx, c, id, false)
}

// declined reports whether the party has declined the ring's newest step.
func (r *Ring) declined(party Ref) bool {
	return len(r.Steps) > 0 && slices.ContainsFunc(r.Steps[len(r.Steps)-1].Results, func(d RingDone) bool {
		return d.Target == party && d.Result == RingedDeclined
	})
}

// CancelRing stops a ring that nobody has answered yet; one that was answered
// goes on, as the view says. It is for who rang.
func (b *Bridge) CancelRing(ctx context.Context, c Caller, id RingID) (RingView, error) {
	_, err := b.changeRing(ctx, c, id, func(tx Tx, r *Ring, at time.Time, told *pokes) error {
		if r.Caller != c.Party {
			return noRing()
		}
		return b.cancel(tx, r, at, told)
	})
	if err != nil {
		return RingView{}, err
	}
	return b.viewRing(ctx, c, id, false)
}

// cancel stops a ring that rings.
func (b *Bridge) cancel(tx Tx, r *Ring, at time.Time, told *pokes) error {
	rung := r.Ringing()
	if !r.Cancel(at) {
		return nil
	}
	r.Rev++
	if err := tx.Rings().Put(*r); err != nil {
		return err
	}
	if err := told.tellStop(b, tx, *r, stopCancelled, at, rung); err != nil {
		return err
	}
	if err := told.tellStates(b, tx, *r, at, r.Caller); err != nil {
		return err
	}
	return b.recordRing(tx, *r, ledger.KindUnanswered, "cancelled", at, nil)
}

// EndRing ends a talk, for both. One that rings still is cancelled by its caller.
// Ending again changes nothing.
func (b *Bridge) EndRing(ctx context.Context, c Caller, id RingID) (RingView, error) {
	_, err := b.changeRing(ctx, c, id, func(tx Tx, r *Ring, at time.Time, told *pokes) error {
		switch {
		case r.State == RingRinging && r.Caller == c.Party:
			return b.cancel(tx, r, at, told)
		case r.Caller != c.Party && r.By != c.Party:
			return noRing()
		}
		return b.endTalk(tx, r, "", at, told)
	})
	if err != nil {
		return RingView{}, err
	}
	return b.viewRing(ctx, c, id, false)
}

// endTalk ends a talk; why is a code where nobody ended it.
func (b *Bridge) endTalk(tx Tx, r *Ring, why Code, at time.Time, told *pokes) error {
	if !r.End(at) {
		return nil
	}
	r.Ended = why
	r.Rev++
	if err := tx.Rings().Put(*r); err != nil {
		return err
	}
	if err := told.tellStates(b, tx, *r, at, r.Caller, r.By); err != nil {
		return err
	}
	return b.talked(tx, *r, at)
}

// talked records that a talk took place, and how long.
func (b *Bridge) talked(tx Tx, r Ring, at time.Time) error {
	return b.recordRing(tx, r, ledger.KindTalked, "", at, func(e *ledger.Entry) {
		e.Conversation = string(r.Conversation)
		e.Seconds = uint64(max(0, at.Sub(r.AnsweredAt)/time.Second))
		if r.Ended != "" {
			e.Reasons = []string{string(r.Ended)}
		}
	})
}
