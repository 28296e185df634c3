// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// desk is a line of a clinic with two tiers and one shift from at(n), of a minute.
func desk(id bridge.LineID, clinic, name string, n int) bridge.Line {
	return bridge.Line{
		ID: id, Organization: clinic, Name: name, Active: true,
		Tiers: []bridge.Tier{{Members: []bridge.Ref{"PractitionerRole/a", "PractitionerRole/b"}}, {Members: []bridge.Ref{"PractitionerRole/b"}}},
		Rota:  []bridge.Shift{{Period: bridge.Period{Start: at(n), End: at(n + 60)}, Member: "PractitionerRole/duty"}},
		Opening: bridge.Opening{
			Zone: "Europe/Copenhagen", Week: []bridge.Hours{{Days: []time.Weekday{time.Monday}, Start: "08:00", End: "09:00"}},
			Exceptions: []bridge.Exception{{Period: bridge.Period{Start: at(n)}, Open: true, Reason: "window", By: "PractitionerRole/a", At: at(n)}},
		},
		Promise: bridge.Promise{AnswerSeconds: 30}, Capacity: 2,
		Callers: bridge.Callers{Sectors: []bridge.Sector{bridge.SectorSocialCare}, Involved: true}, Inbox: "Organization/unit",
	}
}

func lines(_ *testing.T, w *world) {
	keep := func(all ...bridge.Line) {
		w.t.Helper()
		w.must("", func(tx bridge.Tx) error {
			for _, l := range all {
				if err := tx.Lines().Put(l); err != nil {
					return err
				}
			}
			return nil
		})
	}
	b, a, c := desk("b", "clinic", "Ørsted", 0), desk("a", "clinic", "ørsted", 100), desk("c", "ward", "Abel", 0)
	c.Tiers, c.Active = nil, false
	c.Rota = append(c.Rota, bridge.Shift{Period: bridge.Period{Start: at(500)}, Member: "PractitionerRole/endless"})
	keep(b, a, c)
	find := func(what string, q bridge.LineQuery, want ...bridge.Line) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Lines().Find(q)
			same(w, what, got, want)
			return err
		})
	}
	type query = bridge.LineQuery
	find("all, by name and id", query{}, c, a, b)
	find("two", query{Limit: 2}, c, a)
	find("of a clinic", query{Organization: "clinic"}, a, b)
	find("active", query{ActiveOnly: true}, a, b)
	find("of a member of tiers", query{Member: "PractitionerRole/a", At: at(9999)}, a, b)
	find("on duty", query{Member: "PractitionerRole/duty", At: at(59)}, c, a, b)
	find("duty is over", query{Member: "PractitionerRole/duty", At: at(60)}, a)
	find("at any time", query{Member: "PractitionerRole/duty"}, c, a, b)
	find("a shift without end", query{Member: "PractitionerRole/endless", At: at(99999)}, c)
	find("of a stranger", query{Member: "PractitionerRole/x"})
	a.Name, a.Tiers, a.Rota = "Aa", a.Tiers[1:], nil
	keep(a)
	find("no member any more", query{Member: "PractitionerRole/a", At: at(1)}, b)
	find("renamed", query{Limit: 1}, a)
	w.both(func(tx bridge.Tx) error {
		got, err := tx.Lines().Line("c")
		same(w, "line", got, c)
		_, none := tx.Lines().Line("x")
		missing(w, "unknown line", none)
		return err
	})
}

func lineSwitches(_ *testing.T, w *world) {
	off := bridge.Switch{Line: "l", Party: "PractitionerRole/b", Until: at(9), Reason: "theatre", At: at(1)}
	on := bridge.Switch{Line: "l", Party: "PractitionerRole/a", On: true, At: at(2)}
	put := func(all ...bridge.Switch) {
		w.t.Helper()
		w.must("", func(tx bridge.Tx) error {
			for _, s := range all {
				if err := tx.Lines().PutSwitch(s); err != nil {
					return err
				}
			}
			return nil
		})
	}
	read := func(what string, line bridge.LineID, want ...bridge.Switch) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Lines().Switches(line)
			same(w, what, got, want)
			return err
		})
	}
	put(off, on)
	read("switches, by party", "l", on, off)
	read("of another line", "m")
	off.On, off.Until = true, time.Time{}
	put(off)
	read("switched again", "l", on, off)
}

// asked is a callback of a ring, asked for at n and due at due.
func asked(id bridge.CallbackID, ring bridge.RingID, n, due int) bridge.Callback {
	return bridge.Callback{
		ID: id, Rev: 1, MID: "mid-" + string(id), Ring: ring, Line: "l", Patient: "a", Caller: "PractitionerRole/gp",
		Purpose: bridge.PurposeTreatment, Topics: []bridge.Topic{bridge.TopicMedication}, Consents: []bridge.ConsentID{"c"},
		State: bridge.CallbackWaiting, Window: bridge.Period{Start: at(n), End: at(due + 5)}, AskedAt: at(n), DueAt: at(due),
	}
}

func ask(all ...bridge.Callback) func(bridge.Tx) error {
	return func(tx bridge.Tx) error {
		for _, c := range all {
			if err := tx.Callbacks().Put(c); err != nil {
				return err
			}
		}
		return nil
	}
}

func callbacks(_ *testing.T, w *world) {
	w.must("", everyone("a", "b"))
	w.must("a", ring(called("r", 0)))
	late, early, same1, other := asked("late", "r", 1, 90), asked("early", "r", 3, 50), asked("same", "r", 2, 50), asked("other", "r", 4, 70)
	other.Line, other.Caller = "m", "PractitionerRole/x"
	w.must("a", ask(late, early, same1, other))
	find := func(what string, q bridge.CallbackQuery, want ...bridge.Callback) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			got, err := tx.Callbacks().Find(q)
			same(w, what, got, want)
			return err
		})
	}
	place := func(id bridge.CallbackID, before, all int) {
		w.t.Helper()
		w.both(func(tx bridge.Tx) error {
			n, m, err := tx.Callbacks().Place(id)
			same(w, "place of "+string(id), []int{n, m}, []int{before, all})
			return err
		})
	}
	type query = bridge.CallbackQuery
	find("all", query{}, same1, early, other, late)
	find("the queue", query{Line: "l", States: []bridge.CallbackState{bridge.CallbackWaiting}}, same1, early, late)
	find("the first", query{Line: "l", Limit: 1}, same1)
	find("of a caller", query{Caller: "PractitionerRole/x"}, other)
	find("of a patient", query{Patient: "b"})
	find("due", query{DueBefore: at(70)}, same1, early, other)
	find("asked since", query{Since: at(3)}, early, other)
	find("asked before", query{Until: at(3), Line: "l"}, same1, late)
	place("same", 0, 3)
	place("early", 1, 3)
	place("late", 2, 3)
	place("other", 0, 1)
	early.Rev, early.State, early.Taker, early.TakenAt, early.Tries = 2, bridge.CallbackTaken, "PractitionerRole/b", at(20), 1
	same1.Rev, same1.State, same1.Outcome, same1.ClosedBy, same1.ClosedAt = 2, bridge.CallbackClosed, bridge.CallbackTalked, "PractitionerRole/b", at(21)
	same1.RemindedAt, same1.EscalatedAt = at(15), at(19)
	w.must("a", ask(early, same1))
	place("late", 0, 1)
	place("early", 0, 1)
	find("taken", query{Taker: "PractitionerRole/b"}, early)
	find("due and open", query{DueBefore: at(70)}, early, other)
	find("open", query{States: []bridge.CallbackState{bridge.CallbackWaiting, bridge.CallbackTaken}}, early, other, late)
	find("closed", query{Line: "l", States: []bridge.CallbackState{bridge.CallbackClosed}}, same1)
	w.both(func(tx bridge.Tx) error {
		one, err1 := tx.Callbacks().Callback("same")
		mine, err2 := tx.Callbacks().ByMID("PractitionerRole/x", "mid-other")
		same(w, "one", []bridge.Callback{one, mine}, []bridge.Callback{same1, other})
		_, err := tx.Callbacks().ByMID("PractitionerRole/gp", "mid-other")
		missing(w, "another's mid", err)
		_, err = tx.Callbacks().Callback("none")
		missing(w, "unknown callback", err)
		_, _, err = tx.Callbacks().Place("none")
		missing(w, "its place", err)
		return firstOf(err1, err2)
	})
	twice, moved, fresh := asked("fifth", "r", 9, 9), late, asked("sixth", "r", 9, 9)
	twice.MID = late.MID
	moved.Rev, moved.Patient = 2, "b"
	fresh.Rev = 2
	for _, c := range []bridge.Callback{early, late, twice, moved, fresh} {
		w.refused(bridge.CodeConflict, c.Patient, ask(c))
	}
}
