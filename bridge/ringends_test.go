// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// social is a ring of the support worker to the GP, which rests on a consent.
func social() bridge.NewRing {
	n := newRing("own-gp")
	n.Purpose, n.Case = bridge.PurposeSocialCasework, "c-1"
	return n
}

func (d *desk) consent() bridge.Consent {
	d.t.Helper()
	return d.Consent("jens", "jens", bridgetest.Scope("gp", "sw", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication))
}

// broken is a policy that, when it is broken, still knows who decides for the patient,
// and nothing else.
type broken struct {
	bridge.Decider
	now atomic.Bool
}

func (d *broken) Decide(ctx context.Context, q *bridge.Question) (bridge.Decision, error) {
	if d.now.Load() {
		return bridge.Decision{Allow: true}, errSilent
	}
	return d.Decider.Decide(ctx, q)
}

func TestAWithdrawalEndsWhatNobodyCanDecideOn(t *testing.T) {
	var law broken
	d := newDesk(t, func(c *bridge.Config) { law.Decider, c.Decider = c.Decider, &law })
	d.there("gp", "sw")
	consent := d.consent()
	talk := d.ring("sw", social())
	if _, err := d.AcceptRing(t.Context(), d.As("gp"), "x", talk.ID); err != nil {
		t.Fatal(err)
	}
	d.there("psy")
	rung := d.ring("nurse", newRing("treating-psychiatrist"))
	law.now.Store(true)
	if _, err := d.Withdraw(t.Context(), d.As("jens"), "jens", consent.ID); err != nil {
		t.Fatalf("without a policy nothing can be taken back: %v", err)
	}
	if s := d.seen("sw", talk.ID); s.State != bridge.RingEnded || s.Ended != bridge.CodePolicyUnavailable {
		t.Errorf("the talk goes on as %+v", s)
	}
	if s := d.seen("nurse", rung.ID); len(s.Ringing) != 0 {
		t.Errorf("it rings on as %+v", s)
	}
}

func TestAWithdrawalEndsWhatGoesOn(t *testing.T) {
	t.Run("a ring", func(t *testing.T) {
		d := newDesk(t)
		d.there("gp", "sw")
		consent := d.consent()
		v := d.ring("sw", social())
		gp := d.Reader("gp")
		gp.Fetch()
		if _, err := d.Withdraw(t.Context(), d.As("jens"), "jens", consent.ID); err != nil {
			t.Fatal(err)
		}
		if s := d.seen("sw", v.ID); s.State != bridge.RingUnanswered {
			t.Errorf("it goes on as %+v", s)
		}
		if d := cmp.Diff([]string{"line.stop forbidden"}, lineStates(gp.Fetch())); d != "" {
			t.Error(d)
		}
		_, err := d.AcceptRing(t.Context(), d.As("gp"), "x", v.ID)
		bridgetest.MustDeny(t, err, bridge.CodeRingExpired)
	})
	t.Run("a talk", func(t *testing.T) {
		d := newDesk(t)
		d.there("gp", "sw")
		consent := d.consent()
		v := d.ring("sw", social())
		if _, err := d.AcceptRing(t.Context(), d.As("gp"), "x", v.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Talking(t.Context(), d.As("sw"), "phone", v.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Withdraw(t.Context(), d.As("jens"), "jens", consent.ID); err != nil {
			t.Fatal(err)
		}
		if s := d.seen("sw", v.ID); s.State != bridge.RingEnded || s.Ended == "" {
			t.Errorf("it goes on as %+v", s)
		}
		_, err := d.Talking(t.Context(), d.As("sw"), "phone", v.ID)
		bridgetest.MustDeny(t, err, bridge.CodeRingExpired)
		if got := d.kinds("jens"); !slices.Contains(got, ledger.KindTalked) {
			t.Errorf("the patient reads %v", got)
		}
	})
	t.Run("what is claimed of a ring is waited for", func(t *testing.T) {
		d := newDesk(t)
		d.there("gp", "sw")
		consent := d.consent()
		v := d.ring("sw", social())
		c, err := d.ShowRing(t.Context(), d.As("gp"), fresh, v.ID)
		if err != nil || c.Note == "" {
			t.Fatalf("claimed %+v, %v", c, err)
		}
		done := make(chan bridge.Withdrawal, 1)
		go func() {
			w, err := d.Withdraw(t.Context(), d.As("jens"), "jens", consent.ID)
			if err != nil {
				t.Error(err)
			}
			done <- w
		}()
		w := <-done
		if len(w.Unconfirmed) != 1 || w.Unconfirmed[0].Ring != v.ID {
			t.Errorf("the withdrawal answered %+v", w)
		}
	})
	t.Run("a callback", func(t *testing.T) {
		d := newDesk(t)
		d.put(bridge.Line{
			ID: "clinic", Organization: "clinic", Name: "Clinic", Active: true, Capacity: 2, Tiers: []bridge.Tier{{Members: []bridge.Ref{bridgetest.Role("gp")}}},
		})
		consent := d.consent()
		n := social()
		n.Wanted, n.Line = bridge.Party{}, "clinic"
		v := d.ring("sw", n)
		if v.State != bridge.RingUnanswered {
			t.Fatalf("rings as %+v", v)
		}
		cb, err := d.AskCallback(t.Context(), d.As("sw"), bridge.NewCallback{MID: bridgetest.MID(), Ring: v.ID})
		if err != nil || cb.LineName != "Clinic" {
			t.Fatalf("asked for %+v, %v", cb, err)
		}
		if _, err := d.Withdraw(t.Context(), d.As("jens"), "jens", consent.ID); err != nil {
			t.Fatal(err)
		}
		mine, err := d.MyCallbacks(t.Context(), d.As("sw"))
		if err != nil || len(mine) != 1 || mine[0].Outcome != bridge.CallbackForbidden {
			t.Errorf("it waits on as %+v, %v", mine, err)
		}
	})
}

func TestWhoeverLosesTheirPlaceIsOutOfTheTalk(t *testing.T) {
	for name, end := range map[string]func(*desk) error{
		"objected": func(d *desk) error {
			_, err := d.Object(d.t.Context(), d.As("jens"), bridge.Objection{ID: "object-1", Patient: "jens", Parties: []bridge.Party{bridgetest.Party("psy")}})
			return err
		},
		"disabled":   func(d *desk) error { return d.Disable(d.t.Context(), d.As("admin"), d.As("psy").Subject) },
		"signed out": func(d *desk) error { return d.SignOut(d.t.Context(), d.As("psy"), d.As("psy").Subject) },
		"imported": func(d *desk) error {
			_, err := d.Import(d.t.Context(), d.As("admin"), bridge.ImportBatch{Teams: map[bridge.PatientID][]bridge.CareTeamMember{
				"jens": {{Member: bridgetest.Role("gp"), Function: bridge.FunctionOwnGP, Period: bridge.Period{Start: bridgetest.Noon}}},
			}})
			return err
		},
		"another role": func(d *desk) error {
			_, err := d.Import(d.t.Context(), d.As("admin"), bridge.ImportBatch{Resources: []bridge.Resource{
				bridge.PractitionerRole{ID: "psy", Practitioner: "person-psy", Organization: "team-2", Code: "overlaege"},
			}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.there("psy", "nurse")
			talk := d.ring("gp", newRing("treating-psychiatrist"))
			if _, err := d.AcceptRing(t.Context(), d.As("psy"), "x", talk.ID); err != nil {
				t.Fatal(err)
			}
			if err := end(d); err != nil {
				t.Fatal(err)
			}
			if s := d.seen("gp", talk.ID); s.State != bridge.RingEnded || s.Ended == "" {
				t.Errorf("the talk goes on as %+v", s)
			}
		})
		t.Run(name+" while it rings", func(t *testing.T) {
			d := newDesk(t)
			d.there("psy", "nurse")
			v := d.ring("gp", newRing("treating-psychiatrist"))
			if err := end(d); err != nil {
				t.Fatal(err)
			}
			if s := d.seen("gp", v.ID); slices.Contains(s.Ringing, bridgetest.Role("psy")) {
				t.Errorf("it rings on as %+v", s)
			}
		})
	}
}

func TestTwoWhoRingEachOtherTalk(t *testing.T) {
	d := newDesk(t)
	d.there("psy", "gp")
	back := newRing("own-gp")
	back.Session = "desk"
	first := d.ring("psy", back)
	n := newRing("treating-psychiatrist")
	v := d.ring("gp", n)
	if v.ID != first.ID || v.State != bridge.RingAccepted || v.By != bridgetest.Role("gp") || v.Mine != bridge.SideTalker {
		t.Fatalf("the second ring is %+v", v)
	}
	if again := d.ring("gp", n); again.ID != first.ID {
		t.Errorf("rung again it is %+v", again)
	}
	if p, err := d.Talking(t.Context(), d.As("gp"), "phone", v.ID); err != nil || p.Session != "desk" {
		t.Errorf("talks with %+v, %v", p, err)
	}
}

func TestOneOfManyDevicesWins(t *testing.T) {
	d := newDesk(t)
	d.put(bridge.Line{
		ID: "team-2", Organization: "team-2", Name: "Team 2", Active: true, Capacity: 3,
		Tiers:   []bridge.Tier{{Members: []bridge.Ref{bridgetest.Role("nurse"), bridgetest.Role("psy")}}},
		Opening: bridge.Opening{Week: []bridge.Hours{{Days: []time.Weekday{1}, Start: "08:00", End: "16:00"}}},
	})
	d.there("psy", "nurse")
	n := newRing("")
	n.Wanted, n.Line = bridge.Party{}, "team-2"
	v := d.ring("gp", n)
	if len(v.Ringing) != 2 {
		t.Fatalf("rings %+v", v)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex // guards won
	var won []string
	for _, who := range []string{"psy", "nurse"} {
		c := d.As(who)
		for _, device := range []string{"a", "b", "c"} {
			wg.Go(func() {
				_, err := d.AcceptRing(t.Context(), c, device, v.ID)
				if err != nil {
					if bridge.CodeOf(err) != bridge.CodeRingTaken {
						t.Errorf("the loser is told %v", err)
					}
					return
				}
				mu.Lock()
				won = append(won, who+device)
				mu.Unlock()
			})
		}
	}
	wg.Wait()
	if len(won) != 1 {
		t.Errorf("won by %v", won)
	}
}
