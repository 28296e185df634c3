// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"context"
	"slices"

	"github.com/brobygger/brobygger/bridge/ledger"
)

// RingClaim is a ring with what it is about, as it was claimed for one of those it
// rings, or with the words that came back, for who rang.
type RingClaim struct {
	Ring       RingView     `json:"ring"`
	Caller     Ref          `json:"caller,omitempty"`
	CallerName string       `json:"caller_name,omitempty"` // with where they work
	Patient    PatientID    `json:"patient,omitempty"`
	Name       string       `json:"name,omitempty"` // of the patient
	Purpose    Purpose      `json:"purpose,omitempty"`
	Case       string       `json:"case,omitempty"`
	Topics     []Topic      `json:"topics,omitempty"`    // those that may be told
	Note       string       `json:"note,omitempty"`      // left out when one of the topics may not be told
	HandedBy   Ref          `json:"handed_by,omitempty"` // who answered first
	HandedNote string       `json:"handed_note,omitempty"`
	Declines   []RingDone   `json:"declines,omitempty"` // for who rang: with reasons and suggestions
	Withheld   []Code       `json:"withheld,omitempty"` // why there is nothing
	Disclosure DisclosureID `json:"disclosure,omitempty"`
}

// ShowRing claims what a ring is about, for one of those it rings or who answered;
// for its caller, what those who declined said. It is a disclosure as reading is:
// closed by the client's word, and drained by a withdrawal.
func (b *Bridge) ShowRing(ctx context.Context, c Caller, s Claimant, id RingID) (RingClaim, error) {
	r, _, err := b.myRing(ctx, c, id)
	if err != nil {
		return RingClaim{}, err
	}
	var out RingClaim
	if out.Ring, err = b.viewRing(ctx, c, id, false); err != nil {
		return RingClaim{}, err
	}
	said := r.said(c.Party)
	switch {
	case out.Ring.Mine == "":
		return out, tooLate(r)
	case len(said) == 0:
		return out, nil // a caller to whom nobody said anything
	case !s.Fresh:
		out.Withheld = []Code{ReasonNotFresh}
		return out, nil
	}
	var d Disclosure
	answers, err := b.pass(Reading(ctx), c, r.Patient, func(tx Tx, _ *Snapshot) ([]Question, error) {
		self, err := b.self(tx, c)
		if err != nil {
			return nil, err
		}
		qs := make([]Question, len(said))
		for i, from := range said {
			x, err := b.actor(tx, from)
			if err != nil {
				return nil, err
			}
			qs[i] = Question{Action: ActionRead, From: x, To: self, Purpose: r.Purpose, Topics: r.Topics, Case: r.Case}
		}
		return qs, nil
	}, func(g *passage) (err error) {
		d, err = g.claimRing(c, s, &r)
		return err
	})
	if isDenial(err) {
		out.Withheld = answers[0].Reasons
		return out, nil
	}
	if err != nil {
		return RingClaim{}, err
	}
	b.keep(d, Message{})
	out.Disclosure = d.ID
	if err := b.fill(ctx, c, &r, answers, &out); err != nil {
		b.unsent(ctx, c, Delivered{Disclosure: d.ID})
		return RingClaim{}, err
	}
	return out, nil
}

// said lists whose words a ring holds for the party: for its caller those who
// declined it with some, for others first its caller and then who handed it over.
func (r *Ring) said(party Ref) []Ref {
	var all []Ref
	if party == r.Caller {
		for _, s := range r.Steps {
			for _, d := range s.Results {
				if d.Reason+d.Suggest != "" && !slices.Contains(all, d.Target) {
					all = append(all, d.Target)
				}
			}
		}
		return all
	}
	all = []Ref{r.Caller}
	if from, note := r.handed(); note != "" {
		all = append(all, from)
	}
	return all
}

// handed is who handed the ring over to its newest step, and with which note.
func (r *Ring) handed() (from Ref, note string) {
	n := len(r.Steps) - 1
	if n < 1 || r.Steps[n].Via != viaHanded {
		return "", ""
	}
	for _, d := range r.Steps[n-1].Results {
		if d.Result == RingedAnswered {
			from = d.Target
		}
	}
	return from, r.Steps[n].Note
}

// claimRing writes the disclosure of what a ring is about, under a ring that still
// is the party's (I3, I9).
func (g *passage) claimRing(c Caller, s Claimant, r *Ring) (Disclosure, error) {
	now, err := g.tx.Rings().Ring(r.ID)
	if err != nil {
		return Disclosure{}, err
	}
	if now.Caller != c.Party && now.By != c.Party && !slices.Contains(now.Ringing(), c.Party) {
		return Disclosure{}, tooLate(now)
	}
	*r = now
	a := firstAllowed(g.answers)
	d := Disclosure{
		ID: DisclosureID(newID(a.Now)), Patient: r.Patient, Ring: r.ID, Recipient: c.Party, Session: s.Session, Beat: s.Beat,
		Epoch: g.snapshot.Epoch, State: DisclosureOpen, ClaimedAt: a.Now,
	}
	for _, x := range g.answers {
		if x.Allow {
			d.Consents = union(d.Consents, x.Consents)
		}
	}
	a.Consents = d.Consents
	leaf, err := g.recordLeaf(ledger.KindDisclosed, a, func(e *ledger.Entry) {
		ringWords(*r)(e)
		e.Disclosure = string(d.ID)
	})
	if err != nil {
		return d, err
	}
	d.Seq = leaf.Entry.Seq
	return d, g.tx.Disclosures().Claim(d)
}

// fill puts into a claim what the answers allow.
func (b *Bridge) fill(ctx context.Context, c Caller, r *Ring, answers []answer, out *RingClaim) error {
	may := map[Ref]answer{}
	for _, a := range answers {
		if a.Allow {
			may[a.From.Ref] = a
		}
	}
	whole := func(from Ref) bool { a, ok := may[from]; return ok && len(a.Redact) == 0 }
	if c.Party == r.Caller {
		for _, s := range r.Steps {
			for _, d := range s.Results {
				if d.Reason+d.Suggest != "" && whole(d.Target) {
					out.Declines = append(out.Declines, d)
				}
			}
		}
		return nil
	}
	from, note := r.handed()
	if whole(from) {
		out.HandedBy, out.HandedNote = from, note
	}
	a, ok := may[r.Caller]
	if !ok {
		out.Withheld = answers[0].Reasons
		return nil
	}
	out.Caller, out.Patient, out.Purpose, out.Case = r.Caller, r.Patient, r.Purpose, r.Case
	if out.Topics = without(r.Topics, a.Redact); len(a.Redact) == 0 {
		out.Note = r.Note
	}
	err := b.store.View(ctx, func(tx Tx) (err error) {
		if out.Name, err = nameOf(tx, r.Patient.Ref()); err != nil {
			return err
		}
		out.CallerName, err = nameOf(tx, r.Caller)
		return err
	})
	if err != nil {
		return b.told(err)
	}
	return nil
}

// Rings lists the caller's live rings: those they made, those that ring for them,
// and the talks that they are in.
func (b *Bridge) Rings(ctx context.Context, c Caller) ([]RingView, error) {
	views := []RingView{}
	err := b.store.View(ctx, func(tx Tx) error {
		if err := sameAccount(tx, c); err != nil {
			return err
		}
		rings, err := tx.Rings().Find(RingQuery{Party: c.Party, States: []RingState{RingRinging, RingAccepted}})
		if err != nil {
			return err
		}
		for _, r := range rings {
			v, err := b.ringView(tx, c.Party, r, b.now())
			if err != nil {
				return err
			}
			views = append(views, v)
		}
		return nil
	})
	if err != nil {
		return nil, b.told(err)
	}
	return views, nil
}

// Peer is the other end of a talk.
type Peer struct {
	Party   Ref    `json:"party"`
	Session string `json:"session,omitempty"` // its device
}

// Talking returns the other end of a talk that goes on between the caller's
// session and it, as the gate says now. It is asked for each signal of a voice
// talk, which holds nothing about the patient.
func (b *Bridge) Talking(ctx context.Context, c Caller, session string, id RingID) (Peer, error) {
	r, _, err := b.myRing(ctx, c, id)
	if err != nil {
		return Peer{}, err
	}
	if r.State != RingAccepted {
		return Peer{}, tooLate(r)
	}
	var peer Peer
	switch {
	case c.Party == r.Caller && session == r.Session:
		peer = Peer{r.By, r.Device}
	case c.Party == r.By && session == r.Device:
		peer = Peer{r.Caller, r.Session}
	default:
		return Peer{}, noRing()
	}
	stands, err := b.stands(ctx, &r)
	if err != nil {
		return Peer{}, err
	}
	if !stands {
		if err := b.redecide(ctx, r.Patient); err != nil {
			return Peer{}, err
		}
		return Peer{}, &Error{Code: CodeForbidden, Message: "the talk may not go on"}
	}
	return peer, nil
}
