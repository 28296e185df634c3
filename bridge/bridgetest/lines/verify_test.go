// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package lines_test

import (
	"iter"
	"maps"
	"slices"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

func keys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

// account is what the store holds of all rings, when all is over.
type account struct {
	rings   map[bridge.RingID]bridge.Ring
	entries map[bridge.RingID]map[string]int              // by what was done
	last    map[bridge.RingID]map[bridge.Ref]bridge.Event // what each party was told of it last
	asked   map[bridge.RingID]int                         // how many were told that it rings, and not that it stopped
}

func (w *world) account() account {
	a := account{
		rings: map[bridge.RingID]bridge.Ring{}, entries: map[bridge.RingID]map[string]int{},
		last: map[bridge.RingID]map[bridge.Ref]bridge.Event{}, asked: map[bridge.RingID]int{},
	}
	w.must(w.store.View(w.ctx, func(tx bridge.Tx) error {
		rings, err := tx.Rings().Find(bridge.RingQuery{Limit: 1_000_000})
		if err != nil {
			return err
		}
		for _, r := range rings {
			a.rings[r.ID], a.entries[r.ID], a.last[r.ID] = r, map[string]int{}, map[bridge.Ref]bridge.Event{}
		}
		for n := range patients {
			leaves, err := tx.Entries().After(bridge.PatientID(patient(n)), 0, 1_000_000)
			if err != nil {
				return err
			}
			for _, l := range leaves {
				if of := a.entries[bridge.RingID(l.Entry.Ring)]; of != nil {
					of[did(l.Entry)]++
				}
			}
		}
		for _, c := range w.callers {
			log, err := tx.Events().After(c.Party, 0, 1_000_000)
			if err != nil {
				return err
			}
			for _, e := range log {
				if of := a.last[e.Ring]; of != nil {
					of[c.Party] = e
				}
			}
		}
		return nil
	}))
	return a
}

// verify wants every ring that was kept to have ended in one way, which its caller
// was told, and which is in the patient's record.
func (w *world) verify() {
	a := w.account()
	for id, r := range a.rings {
		x := w.known[id]
		if x == nil {
			w.t.Errorf("ring %s: its caller was never told of it", id)
			continue
		}
		w.counts["rings "+string(r.State)]++
		for step, who := range x.won {
			if by := r.Steps[step-1].Results; !slices.ContainsFunc(by, func(d bridge.RingDone) bool {
				return d.Target == who[0].who && d.Result == bridge.RingedAnswered
			}) {
				w.t.Errorf("ring %s: %s was told to have answered step %d, of which it holds %v", id, who[0].who, step, by)
			}
		}
		w.ended(a, r)
		w.heard(a, r)
	}
}

// What the record says of a ring's end.
const (
	didTalk   = string(ledger.KindTalked) + " "
	didMiss   = string(ledger.KindUnanswered) + " missed"
	didCancel = string(ledger.KindUnanswered) + " cancelled"
)

func did(e ledger.Entry) string {
	if e.Kind == ledger.KindTalked {
		return didTalk
	}
	return string(e.Kind) + " " + e.Action
}

// ended wants a ring's end, once, in the record, and a fallback for its caller when
// nobody answered whom the gate had let them reach.
func (w *world) ended(a account, r bridge.Ring) {
	entries := a.entries[r.ID]
	misses, cancels := 0, 0
	switch r.State {
	case bridge.RingEnded:
		if entries[didTalk] == 0 {
			w.t.Errorf("ring %s was answered, and in the record is no talk", r.ID)
		}
	case bridge.RingUnanswered:
		misses = 1
	case bridge.RingCancelled:
		cancels = 1
	default:
		w.t.Errorf("ring %s is %s", r.ID, r.State)
	}
	if entries[didMiss] != misses || entries[didCancel] != cancels {
		w.t.Errorf("ring %s is %s, and in the record %v", r.ID, r.State, entries)
	}
	if r.State != bridge.RingUnanswered {
		return
	}
	x := w.known[r.ID]
	v, err := w.Ring(w.ctx, w.callers[x.caller], x.new) // said again
	switch {
	case err != nil:
		w.t.Errorf("ring %s said again: %v", r.ID, err)
	case v.Fallback == nil || reached(r) && v.Fallback.Line == "" && v.Fallback.Inbox == "" && v.Fallback.Phone == "":
		w.t.Errorf("ring %s ended in silence: %+v", r.ID, v)
	}
}

// heard wants a ring's caller to have been told its end, and everybody whom it rang
// that it stopped, or that they answered.
func (w *world) heard(a account, r bridge.Ring) {
	if e := a.last[r.ID][r.Caller]; e.Kind != bridge.EventLineState || e.State != string(r.State) {
		w.t.Errorf("ring %s is %s, and its caller was told %s %s", r.ID, r.State, e.Kind, e.State)
	}
	for _, s := range r.Steps {
		for _, p := range s.Targets {
			if e := a.last[r.ID][p]; e.Kind == "" || e.Kind == bridge.EventLineRinging {
				w.t.Errorf("ring %s is %s, and still rings for %s", r.ID, r.State, p)
			}
		}
	}
}

// reached reports whether the gate still let the caller reach somebody.
func reached(r bridge.Ring) bool {
	return slices.ContainsFunc(r.Terms, func(t bridge.RingTerms) bool { return len(t.Tell) > 0 })
}
