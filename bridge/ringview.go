// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"errors"
	"slices"
	"time"
)

// RingSide is what somebody has to do with a ring.
type RingSide string

// The sides.
const (
	SideCaller RingSide = "caller"
	SideTarget RingSide = "target" // it rings for them
	SideTalker RingSide = "talker" // they answered
)

// RingView is a ring as one of its parties sees it. A target is told that it
// rings, and what it is about only by ShowRing.
type RingView struct {
	ID           RingID         `json:"id"`
	Rev          uint64         `json:"rev"` // of two views the one with more is newer
	State        RingState      `json:"state"`
	Mine         RingSide       `json:"mine,omitempty"` // empty: it has stopped for this party
	Line         LineID         `json:"line,omitempty"`
	LineName     string         `json:"line_name,omitempty"`
	Urgent       bool           `json:"urgent,omitempty"`
	Voice        bool           `json:"voice,omitempty"`
	LeftMS       int64          `json:"left_ms,omitempty"` // until this step is over
	By           Ref            `json:"by,omitempty"`      // who answered
	Device       string         `json:"device,omitempty"`  // on which of their devices; for themselves
	Patient      PatientID      `json:"patient,omitempty"` // this and the following: for who rang, and who answered
	Caller       Ref            `json:"caller,omitempty"`
	Wanted       Party          `json:"wanted,omitzero"`
	Purpose      Purpose        `json:"purpose,omitempty"`
	Case         string         `json:"case,omitempty"`
	Topics       []Topic        `json:"topics,omitempty"` // for who answered: those that they may be told
	Via          string         `json:"via,omitempty"`    // the step that rings: a care function, "rota", "tier-1", "handed"
	Ringing      []Ref          `json:"ringing,omitempty"`
	Conversation ConversationID `json:"conversation,omitempty"`
	StartedAt    time.Time      `json:"started_at,omitzero"`
	AnsweredAt   time.Time      `json:"answered_at,omitzero"`
	EndedAt      time.Time      `json:"ended_at,omitzero"`
	Ended        Code           `json:"ended,omitempty"`
	Fallback     *Fallback      `json:"fallback,omitempty"` // for who rang, when nobody answered
	OutOfDate    bool           `json:"out_of_date,omitempty"`
}

// Fallback is what a caller whom nobody answered can do.
type Fallback struct {
	Line    LineID    `json:"line,omitempty"`  // whose queue a callback goes into; empty: none
	Inbox   Ref       `json:"inbox,omitempty"` // the unit to leave an urgent message with
	Phone   string    `json:"phone,omitempty"`
	Waiting int       `json:"waiting"` // callbacks in the queue, which would come before
	Promise Promise   `json:"promise,omitzero"`
	DueAt   time.Time `json:"due_at,omitzero"`   // by when a callback asked for now would be kept
	Windows []Period  `json:"windows,omitempty"` // when the line is open next, at most three
}

// ringView words a ring for one of its parties.
func (b *Bridge) ringView(tx Tx, party Ref, r Ring, now time.Time) (RingView, error) {
	v := RingView{ID: r.ID, Rev: r.Rev, State: r.State, Line: r.Line, Urgent: r.Urgent, Voice: r.Voice, By: r.By}
	if r.Line != "" {
		l, err := tx.Lines().Line(r.Line)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return v, err
		}
		v.LineName = l.Name
	}
	if d := r.Deadline(); d.After(now) {
		v.LeftMS = d.Sub(now).Milliseconds()
	}
	topics := r.Topics
	switch {
	case party == r.Caller:
		v.Mine = SideCaller
	case party == r.By:
		v.Mine, v.Device, topics = SideTalker, r.Device, r.terms(party).Tell
	case slices.Contains(r.Ringing(), party):
		v.Mine = SideTarget
		return v, nil
	default:
		v.LeftMS = 0
		return v, nil
	}
	v.Patient, v.Caller, v.Wanted, v.Purpose, v.Case, v.Topics = r.Patient, r.Caller, r.Wanted, r.Purpose, r.Case, topics
	v.Ringing, v.Conversation = r.Ringing(), r.Conversation
	v.StartedAt, v.AnsweredAt, v.EndedAt, v.Ended = r.StartedAt, r.AnsweredAt, r.EndedAt, r.Ended
	if v.Mine == SideTalker && r.Ended != "" { // the gate has closed: what it was about is not told again
		v.Purpose, v.Case, v.Topics = "", "", nil
	}
	if len(r.Steps) > 0 {
		v.Via = r.Steps[len(r.Steps)-1].Via
	}
	if v.Mine == SideCaller && (r.State == RingUnanswered || r.State == RingCancelled) {
		f, err := b.fallback(tx, r, now)
		v.Fallback = f
		return v, err
	}
	return v, nil
}

// fallback is what is left to a caller whom nobody answered.
func (b *Bridge) fallback(tx Tx, r Ring, now time.Time) (*Fallback, error) {
	f := &Fallback{}
	owner := ""
	if r.Line != "" {
		l, err := tx.Lines().Line(r.Line)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		if err == nil {
			f.Line, f.Promise, f.Inbox, owner = l.ID, l.Promise, l.Inbox, l.Organization
			f.Windows = b.windows(l, now)
			f.DueAt = b.dueAt(l, Period{}, now)
			if _, _, f.Waiting, err = load(tx, l.ID); err != nil {
				return nil, err
			}
		}
	}
	if owner == "" && r.Wanted != (Party{}) {
		s, err := tx.Patients().Snapshot(r.Patient)
		if err != nil {
			return nil, err
		}
		if owner, err = b.unitOf(tx, s, r, now); err != nil {
			return nil, err
		}
	}
	if owner == "" {
		return f, nil
	}
	if f.Inbox == "" {
		f.Inbox = Ref(TypeOrganization + "/" + owner)
	}
	for id := owner; id != "" && f.Phone == ""; {
		o, err := tx.Directory().Organization(id)
		if errors.Is(err, ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		f.Phone, id = o.Phone, o.PartOf
	}
	return f, nil
}

// unitOf is where somebody works whom the gate let the caller ring.
func (b *Bridge) unitOf(tx Tx, s *Snapshot, r Ring, now time.Time) (string, error) {
	people, units := asWanted(s, r.Wanted, now)
	for _, x := range append(units, people...) {
		if x.Type() == TypeOrganization {
			return x.ID(), nil
		}
		a, err := b.actor(tx, x)
		if err != nil {
			return "", err
		}
		if len(a.Organizations) > 0 && len(r.terms(x).Tell) > 0 {
			return a.Organizations[0], nil
		}
	}
	return "", nil
}

// windows lists when the line is open next, from now on.
func (b *Bridge) windows(l Line, now time.Time) []Period {
	t, err := NewTimetable(l.Opening, b.holidays)
	if err != nil {
		return nil
	}
	var all []Period
	for at := now; len(all) < 3; {
		start, ok := t.Next(at)
		if !ok {
			break
		}
		end := t.At(start).Until
		all = append(all, Period{Start: start, End: end})
		if end.IsZero() {
			break
		}
		at = end
	}
	return all
}

// terms is what the gate said of a target; the zero RingTerms is a no.
func (r *Ring) terms(target Ref) RingTerms {
	for _, t := range r.Terms {
		if t.Target == target {
			return t
		}
	}
	return RingTerms{}
}

// agree notes what the gate said of a target now.
func (r *Ring) agree(t RingTerms) {
	r.Terms = slices.Clone(r.Terms)
	for i := range r.Terms {
		if r.Terms[i].Target == t.Target {
			r.Terms[i] = t
			return
		}
	}
	r.Terms = append(r.Terms, t)
}

// copied is a ring that can be changed without changing r.
func (r Ring) copied() Ring {
	r.Steps = slices.Clone(r.Steps)
	for i := range r.Steps {
		r.Steps[i].Results = slices.Clone(r.Steps[i].Results)
	}
	return r
}

// appendRing adds an event of a ring to its party's log, with the ring as that
// party sees it.
func (p *pokes) appendRing(b *Bridge, tx Tx, e Event, r Ring) error {
	e.Ring, e.Line = r.ID, r.Line
	if err := p.append(tx, e); err != nil {
		return err
	}
	v, err := b.ringView(tx, e.Party, r, e.At)
	p.last().Ring = &v
	return err
}

// ringOf is the ring of an event as it stands now for who reads the event; nil when
// it is not there any more.
func (b *Bridge) ringOf(tx Tx, e Event) (*RingView, error) {
	r, err := tx.Rings().Ring(e.Ring)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrErased) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := b.ringView(tx, e.Party, r, b.now())
	return &v, err
}

// tellStates tells caller and answerer how a ring stands.
func (p *pokes) tellStates(b *Bridge, tx Tx, r Ring, at time.Time, parties ...Ref) error {
	for _, party := range parties {
		if party == "" {
			continue
		}
		e := Event{Party: party, Kind: EventLineState, At: at, Patient: r.Patient, Conversation: r.Conversation, By: r.By, State: string(r.State)}
		if r.Ended != "" {
			e.Reasons = []Code{r.Ended}
		}
		if err := p.appendRing(b, tx, e, r); err != nil {
			return err
		}
	}
	return nil
}

// Why a ring stops for a target.
const (
	stopElsewhere = "answered_elsewhere"
	stopMissed    = "missed"
	stopCancelled = "cancelled"
	stopDeclined  = "declined"
	stopHanded    = "handed_off"
	stopForbidden = "forbidden"
)

// tellStop tells targets that it does not ring for them any more.
func (p *pokes) tellStop(b *Bridge, tx Tx, r Ring, why string, at time.Time, targets []Ref) error {
	for _, t := range targets {
		e := Event{Party: t, Kind: EventLineStop, At: at, State: why}
		if why == stopElsewhere {
			e.By = r.By
		}
		if err := p.appendRing(b, tx, e, r); err != nil {
			return err
		}
	}
	return nil
}

// tellRinging tells targets that it rings. The event names no patient and no
// caller: what it is about is claimed.
func (p *pokes) tellRinging(b *Bridge, tx Tx, r Ring, at time.Time, targets []Ref) error {
	for _, t := range targets {
		e := Event{Party: t, Kind: EventLineRinging, At: at}
		if r.Urgent {
			e.State = "urgent"
		}
		if err := p.appendRing(b, tx, e, r); err != nil {
			return err
		}
	}
	return nil
}
