// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/brobygger/brobygger/bridge"
)

func ringing(at time.Time) *bridge.Ring {
	return &bridge.Ring{ID: "r1", Caller: "PractitionerRole/holm", State: bridge.RingRinging, StartedAt: at}
}

// A GP rings the psychiatrist who treats the patient. She is in a talk and says
// when to try again; the contact nurse does not hear it; the team on duty rings on
// both phones, and one answers.
func TestARingFindsSomebody(t *testing.T) {
	start := at(t, "2026-11-23T08:00:00Z")
	r := ringing(start)
	if !r.Step("treating-psychiatrist", []bridge.Ref{"PractitionerRole/lund"}, false, start) {
		t.Fatal("nobody rings")
	}
	if err := r.Decline("PractitionerRole/lund", "in a talk", "after two", start.Add(4*time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := r.Ringing(); len(got) > 0 {
		t.Fatalf("%s rings on", got)
	}
	nurse := start.Add(4 * time.Second)
	r.Step("contact-nurse", []bridge.Ref{"PractitionerRole/nurse"}, false, nurse)
	if r.Miss(nurse.Add(bridge.StepTime - time.Nanosecond)) {
		t.Error("the nurse had less than the time of a step")
	}
	if !r.Miss(nurse.Add(bridge.StepTime)) {
		t.Error("the nurse rings for ever")
	}
	team := nurse.Add(bridge.StepTime)
	r.Step("rota", []bridge.Ref{"PractitionerRole/lund", "PractitionerRole/a", "PractitionerRole/b", "PractitionerRole/holm"}, true, team)
	if got, want := r.Ringing(), []bridge.Ref{"PractitionerRole/a", "PractitionerRole/b"}; !slices.Equal(got, want) {
		t.Errorf("%s ring, want %s: nobody twice, and not the caller", got, want)
	}
	if got, want := r.Deadline(), start.Add(bridge.RingTime); got.Before(want) {
		t.Errorf("the whole ring ends at %s, before %s", got, want)
	}
	answer := team.Add(time.Second)
	if err := r.Accept("PractitionerRole/b", "phone", answer); err != nil {
		t.Fatal(err)
	}
	if err := r.Accept("PractitionerRole/b", "phone", answer); err != nil {
		t.Errorf("the answer said again: %v", err)
	}
	for _, late := range [][2]string{{"PractitionerRole/a", "desk"}, {"PractitionerRole/b", "desk"}} {
		if err := r.Accept(bridge.Ref(late[0]), late[1], answer); bridge.CodeOf(err) != bridge.CodeConflict {
			t.Errorf("%s answers on %s as well: %v", late[0], late[1], err)
		}
	}
	results := map[bridge.Ref]bridge.RingResult{}
	for _, d := range r.Steps[2].Results {
		results[d.Target] = d.Result
	}
	if results["PractitionerRole/a"] != bridge.RingedElsewhere || results["PractitionerRole/b"] != bridge.RingedAnswered {
		t.Errorf("the last step ended as %v", results)
	}
	if r.HandOver("tier-1", []bridge.Ref{"PractitionerRole/a"}, "knows the medication", answer) {
		t.Error("handed over to somebody who was rung before")
	}
	if !r.HandOver("tier-1", []bridge.Ref{"PractitionerRole/c"}, "knows the medication", answer) || r.By != "" {
		t.Error("not handed over")
	}
}

// Whatever people do and whenever: nobody rings twice or after the end, one
// answers or none, and a ring that nobody answers says so within its time.
func TestARingNeverEndsInSilence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, time.November, 23, 8, 0, 0, 0, time.UTC)
		r := ringing(now)
		plan := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 6), 0, 4), 0, 5).Draw(t, "plan")
		for i := 0; i < 200 && (r.State == bridge.RingRinging || r.State == bridge.RingAccepted); i++ {
			now = now.Add(time.Duration(rapid.IntRange(0, 30_000).Draw(t, "ms")) * time.Millisecond)
			person := bridge.Ref(fmt.Sprint("PractitionerRole/", rapid.IntRange(0, 6).Draw(t, "person")))
			switch rapid.IntRange(0, 9).Draw(t, "act") {
			case 0:
				_ = r.Accept(person, "phone", now)
			case 1:
				_ = r.Decline(person, "busy", "", now)
			case 2:
				if rapid.IntRange(0, 5).Draw(t, "cancel") == 0 {
					r.Cancel(now)
				}
			case 3:
				r.HandOver("tier-9", []bridge.Ref{person}, "", now)
			case 4:
				r.End(now)
			}
			r.Miss(now)
			for r.State == bridge.RingRinging && len(r.Ringing()) == 0 {
				if len(plan) == 0 {
					r.GiveUp(now)
					break
				}
				var targets []bridge.Ref
				for _, n := range plan[0] {
					targets = append(targets, bridge.Ref(fmt.Sprint("PractitionerRole/", n)))
				}
				plan = plan[1:]
				r.Step("tier", targets, len(plan) == 0, now)
			}
			sound(t, r, now)
		}
	})
}

// sound checks what is true of a ring at every moment.
func sound(t *rapid.T, r *bridge.Ring, now time.Time) {
	seen := map[bridge.Ref]bool{}
	answers := 0
	for i, s := range r.Steps {
		ended := map[bridge.Ref]bool{}
		for _, d := range s.Results {
			if ended[d.Target] || !slices.Contains(s.Targets, d.Target) {
				t.Fatalf("step %d: %s ended twice, or was not rung", i, d.Target)
			}
			ended[d.Target] = true
			if d.Result == bridge.RingedAnswered {
				answers++
			}
		}
		for _, target := range s.Targets {
			if seen[target] || target == r.Caller {
				t.Fatalf("%s was rung twice", target)
			}
			seen[target] = true
			if !ended[target] && (i < len(r.Steps)-1 || r.State != bridge.RingRinging) {
				t.Fatalf("step %d: %s rings for ever", i, target)
			}
		}
	}
	if r.State == bridge.RingAccepted && (r.By == "" || answers == 0) {
		t.Fatalf("answered by nobody")
	}
	if r.State == bridge.RingRinging && (len(r.Ringing()) == 0 || r.Deadline().Before(now)) {
		t.Fatalf("a silent ring: %+v at %s", r, now)
	}
}
