// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// called is a ring of patient a that begins at n and rings two people.
func called(id bridge.RingID, n int) bridge.Ring {
	r := bridge.Ring{
		ID: id, Rev: 1, MID: "mid-" + string(id), Patient: "a", Caller: "PractitionerRole/gp", Session: "s",
		Wanted: bridge.Party{Function: bridge.FunctionOwnGP}, Line: "l", Purpose: bridge.PurposeTreatment,
		Topics: []bridge.Topic{bridge.TopicMedication}, Note: "note of " + string(id), Urgent: true, State: bridge.RingRinging,
		Terms: []bridge.RingTerms{{Target: "PractitionerRole/a", Tell: []bridge.Topic{bridge.TopicMedication}, Basis: "consent", Consents: []bridge.ConsentID{"c"}}},
		Epoch: 1, StartedAt: at(n),
	}
	r.Step("rota", []bridge.Ref{"PractitionerRole/a", "PractitionerRole/b"}, false, at(n))
	return r
}

func ring(all ...bridge.Ring) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		for _, r := range all {
			if err := tx.Rings().Put(r); err != nil {
				return err
			}
		}
		return nil
	}
}

// change reads a ring, changes it and puts it.
func change(w *world, id bridge.RingID, f func(*bridge.Ring) error) (now bridge.Ring) {
	w.t.Helper()
	w.must("a", func(tx bridge.Tx) (err error) {
		if now, err = tx.Rings().Ring(id); err != nil {
			return err
		}
		now.Rev++
		if err := f(&now); err != nil {
			return err
		}
		return tx.Rings().Put(now)
	})
	return now
}

// bare is a ring as Find gives it.
func bare(r bridge.Ring) bridge.Ring {
	r.Note, r.Steps = "", slices.Clone(r.Steps)
	for i := range r.Steps {
		s := &r.Steps[i]
		s.Note, s.Results = "", slices.Clone(s.Results)
		for j := range s.Results {
			s.Results[j].Reason, s.Results[j].Suggest = "", ""
		}
	}
	return r
}

// rung wants the rings found, and no text in them.
func rung(w *world, what string, q bridge.RingQuery, want ...bridge.Ring) {
	w.t.Helper()
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Rings().Find(q)
		var plain []bridge.Ring
		for _, r := range want {
			plain = append(plain, bare(r))
		}
		same(w, what, got, plain)
		return err
	})
}

func rings(_ *testing.T, w *world) {
	w.must("", everyone("a", "b"))
	first, second, elsewhere := called("first", 10), called("second", 5), called("elsewhere", 10)
	elsewhere.Line, elsewhere.Caller = "", "PractitionerRole/x"
	w.must("a", ring(first, second, elsewhere))
	w.both(func(tx bridge.Tx) error {
		one, err1 := tx.Rings().Ring("first")
		mine, err2 := tx.Rings().ByMID("PractitionerRole/x", "mid-elsewhere")
		same(w, "one", []bridge.Ring{one, mine}, []bridge.Ring{first, elsewhere})
		_, err := tx.Rings().ByMID("PractitionerRole/x", "mid-first")
		missing(w, "another's mid", err)
		_, err = tx.Rings().Ring("none")
		missing(w, "unknown ring", err)
		return firstOf(err1, err2)
	})
	type query = bridge.RingQuery
	rung(w, "all, in order of their start", query{}, second, elsewhere, first)
	rung(w, "two", query{Limit: 2}, second, elsewhere)
	rung(w, "of a line", query{Line: "l"}, second, first)
	rung(w, "of a caller", query{Caller: "PractitionerRole/x"}, elsewhere)
	rung(w, "of a patient", query{Patient: "a", Line: "l"}, second, first)
	rung(w, "of another", query{Patient: "b"})
	rung(w, "since", query{Since: at(10)}, elsewhere, first)
	rung(w, "until", query{Until: at(10)}, second)
	twice, moved, fresh, of := called("third", 1), first, called("fourth", 1), first
	twice.MID = first.MID
	moved.Rev, moved.Patient = 2, "b"
	fresh.Rev = 2
	of.Rev, of.MID = 2, "mid-other"
	for _, r := range []bridge.Ring{first, twice, moved, fresh, of} {
		w.refused(bridge.CodeConflict, r.Patient, ring(r))
	}
	again := called("first", 1)
	again.Rev = 0
	w.refused(bridge.CodeConflict, "a", ring(again))
}

// A ring that two people hear is declined by one and answered by the other, who
// hands it over to a third: so long it takes those, and is due at its deadlines.
func ringLives(_ *testing.T, w *world) {
	w.must("", everyone("a"))
	r := called("r", 0)
	w.must("a", ring(r))
	type query = bridge.RingQuery
	takes := func(what string, who ...bridge.Ref) {
		w.t.Helper()
		for _, p := range []bridge.Ref{"PractitionerRole/gp", "PractitionerRole/a", "PractitionerRole/b", "PractitionerRole/c"} {
			if slices.Contains(who, p) {
				rung(w, what+": "+string(p), query{Party: p}, r)
			} else {
				rung(w, what+": "+string(p), query{Party: p})
			}
		}
	}
	live := query{Patient: "a", States: []bridge.RingState{bridge.RingRinging, bridge.RingAccepted}}
	takes("it rings", "PractitionerRole/gp", "PractitionerRole/a", "PractitionerRole/b")
	rung(w, "not yet due", query{DueBefore: at(25).Add(-time.Nanosecond)})
	rung(w, "due", query{DueBefore: at(25)}, r)
	rung(w, "live", live, r)
	r = change(w, "r", func(r *bridge.Ring) error {
		return r.Decline("PractitionerRole/a", "in a talk", "after two", at(3))
	})
	takes("declined", "PractitionerRole/gp", "PractitionerRole/b")
	r = change(w, "r", func(r *bridge.Ring) error {
		r.Conversation, r.AnsweredAt = "c", at(4)
		return r.Accept("PractitionerRole/b", "phone", at(4))
	})
	takes("answered", "PractitionerRole/gp", "PractitionerRole/b")
	rung(w, "answered in time", query{DueBefore: at(1000)})
	rung(w, "talked on", live, r)
	r = change(w, "r", func(r *bridge.Ring) error {
		r.HandOver("tier-2", []bridge.Ref{"PractitionerRole/c"}, "she knows more", at(60))
		return nil
	})
	takes("handed over", "PractitionerRole/gp", "PractitionerRole/c")
	rung(w, "a time of its own", query{Since: at(60), DueBefore: at(60 + 90)}, r)
	r = change(w, "r", func(r *bridge.Ring) error { return r.Decline("PractitionerRole/c", "", "", at(61)) })
	rung(w, "rings for nobody: due at once", query{DueBefore: at(61)}, r)
	r = change(w, "r", func(r *bridge.Ring) error { r.GiveUp(at(61)); return nil })
	takes("over")
	rung(w, "no more live", live)
	rung(w, "unanswered", query{States: []bridge.RingState{bridge.RingUnanswered, bridge.RingRinging}}, r)
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Rings().Ring("r")
		same(w, "the ring with all that was written", got, r)
		return err
	})
}

// A ring as Find gives it may be put: what was written stays, and what is written
// now is added.
func ringTexts(_ *testing.T, w *world) {
	w.must("", everyone("a"))
	want := called("r", 0)
	w.must("a", ring(want))
	want = change(w, "r", func(r *bridge.Ring) error { return r.Decline("PractitionerRole/a", "in a talk", "after two", at(3)) })
	w.must("a", func(tx bridge.Tx) error {
		found, err := tx.Rings().Find(bridge.RingQuery{Patient: "a"})
		if err != nil {
			return err
		}
		r := found[0]
		r.Rev++
		if err := r.Decline("PractitionerRole/b", "not mine", "", at(5)); err != nil {
			return err
		}
		if err := tx.Rings().Put(r); err != nil {
			return err
		}
		if r.Steps[0].Results[1].Reason != "not mine" {
			w.t.Error("Put has changed what it was given")
		}
		return nil
	})
	want.Rev++
	if err := want.Decline("PractitionerRole/b", "not mine", "", at(5)); err != nil {
		w.t.Fatal(err)
	}
	w.reopen()
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Rings().Ring("r")
		same(w, "ring", got, want)
		return err
	})
}

// Many devices answer one ring at once, each on what it has read before.
func oneWinner(_ *testing.T, w *world) {
	w.must("", everyone("a"))
	r := called("r", 0)
	w.must("a", ring(r))
	const devices = 20
	var won, lost int
	var mu sync.Mutex // guards both
	var all sync.WaitGroup
	for i := range devices {
		mine := r
		mine.Steps = slices.Clone(r.Steps)
		mine.Rev++
		who := []bridge.Ref{"PractitionerRole/a", "PractitionerRole/b"}[i%2]
		if err := mine.Accept(who, string(rune('a'+i)), at(1)); err != nil {
			w.t.Fatal(err)
		}
		all.Go(func() {
			err := w.Update(context.Background(), "a", ring(mine))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case bridge.CodeOf(err) == bridge.CodeConflict:
				lost++
			default:
				w.t.Errorf("answering: %v", err)
			}
		})
	}
	all.Wait()
	same(w, "winners and losers", []int{won, lost}, []int{1, devices - 1})
}

// A claim of what a ring is about is one like a message's, and so are the events.
func ringClaims(_ *testing.T, w *world) {
	w.must("", everyone("a"))
	w.must("a", ring(called("r", 0)))
	d := claim("d", "a", 2, "c")
	d.Message, d.Ring = "", "r"
	w.must("a", claimed(d))
	d.Seq = 1
	told := bridge.Event{Party: "PractitionerRole/a", N: 1, Kind: bridge.EventLineStop, At: at(3), Line: "l", Ring: "r", Callback: "cb", State: "missed"}
	w.must("a", func(tx bridge.Tx) error { _, err := tx.Events().Append(told); return err })
	w.both(func(tx bridge.Tx) error {
		found, err1 := tx.Disclosures().Find(bridge.DisclosureQuery{Consents: []bridge.ConsentID{"c"}})
		n, err2 := tx.Disclosures().Count("c")
		log, err3 := tx.Events().After("PractitionerRole/a", 0, 9)
		same(w, "claim", found, []bridge.Disclosure{d})
		same(w, "count", n, 1)
		same(w, "event", log, []bridge.Event{told})
		return firstOf(err1, err2, err3)
	})
	w.must("a", func(tx bridge.Tx) error {
		done, err := tx.Disclosures().Close("d", bridge.DisclosureShown, at(4))
		same(w, "closed", done, true)
		return err
	})
	d.State, d.ClosedAt = bridge.DisclosureShown, at(4)
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Disclosures().Disclosure("d")
		same(w, "disclosure", got, d)
		return err
	})
}
