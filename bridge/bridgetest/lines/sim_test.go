// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package lines_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	"github.com/brobygger/brobygger/bridge/store/storetest"
	"github.com/brobygger/brobygger/policy"
)

var seedFlag = flag.Uint64("seed", 0, "what happens when in the simulation; 0 takes a new one")

// number is a number of the environment, by which make soak asks for more.
func number(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number from 1", name, text)
	}
	return n
}

// world is the region with a server that crashes, a store that outlives it, live
// state that forgets, and a clock on the wall that jumps. Its time is virtual.
type world struct {
	t      *testing.T
	ctx    context.Context
	r      *rand.Rand
	path   string
	policy *policy.Engine
	hint   *hint
	wall   atomic.Int64 // how far the clock on the wall is from the steady one

	*bridge.Bridge
	store   *sqlite.Store
	faulty  *storetest.Faulty
	callers map[string]bridge.Caller
	broken  bool        // a commit's outcome was lost: the server goes on, or crashes
	back    time.Time   // when live state is there again; zero: it is
	faults  *rand.Rand  // the store's own, since rings go onward beside each other
	calm    atomic.Bool // nothing breaks any more

	tries  []*try
	lives  []bridge.Ring // what was live behind the last step
	known  map[bridge.RingID]*try
	seen   map[string]time.Time // since when each step of a ring has been seen to ring
	told   time.Time            // when people said last that they are there
	counts map[string]int
}

// try is one ring as its caller knows it.
type try struct {
	new    bridge.NewRing
	caller string
	id     bridge.RingID
	won    map[int][]winner // who was told that they answered, by step
}

// winner is a device that was told that it answered.
type winner struct {
	who    bridge.Ref
	device string
}

func newWorld(t *testing.T, seed uint64, p *policy.Engine) *world {
	w := &world{
		t: t, ctx: t.Context(), r: rand.New(rand.NewPCG(seed, 1)), faults: rand.New(rand.NewPCG(seed, 2)),
		path: filepath.Join(t.TempDir(), "bridge.db"), policy: p, hint: newHint(),
		callers: map[string]bridge.Caller{}, known: map[bridge.RingID]*try{}, seen: map[string]time.Time{}, counts: map[string]int{},
	}
	w.wall.Store(int64(time.Until(monday)))
	w.open()
	w.must(w.store.Update(w.ctx, "", found))
	names := []string{}
	for n := range teams * ofTeam {
		names = append(names, staff(n/ofTeam, n%ofTeam))
	}
	for n := range clinics * ofClinic {
		names = append(names, doctor(n))
	}
	for _, name := range names {
		c, err := w.Caller(w.ctx, identity(name), "")
		w.must(err)
		w.callers[name] = c
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.wall.Load())).UTC() }

// open starts a server on what the store has kept.
func (w *world) open() {
	var err error
	w.store, err = sqlite.Open(w.path, sqlite.Options{Reserve: -1})
	w.must(err)
	w.faulty = storetest.NewFaulty(w.store)
	w.faulty.Plan(func(int) storetest.Fault {
		if w.calm.Load() || w.faults.IntN(100) > 0 {
			return storetest.None
		}
		return []storetest.Fault{storetest.Refused, storetest.Lost, storetest.Kept}[w.faults.IntN(3)]
	})
	w.Bridge, err = bridge.New(bridge.Config{
		Store: w.faulty, Decider: gate{w.policy}, Texts: w.policy, Live: w.hint, Board: w.hint, Now: w.now, KeepDecisions: -1,
	})
	w.must(err)
}

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

// crash ends the server; whatever it knew is gone.
func (w *world) crash() {
	w.counts["crashes"]++
	w.must(w.store.Close())
	if w.r.IntN(2) == 0 {
		w.hint.flush()
	}
	pass(time.Duration(w.r.IntN(40_000)) * time.Millisecond)
	w.open()
	w.broken, w.told = false, time.Time{}
}

// step lets some time pass and something happen.
func (w *world) step(ring bool) {
	pass(time.Duration(w.r.IntN(2_500)) * time.Millisecond)
	if !w.calm.Load() {
		w.harm()
	}
	if w.hint.Healthy() == nil && time.Since(w.told) > 25*time.Second {
		var all []bridge.Ref
		for _, c := range w.callers {
			all = append(all, c.Party)
		}
		w.fine(w.SignOn(w.ctx, all))
		w.told = time.Now()
	}
	if ring && w.r.IntN(2) == 0 {
		w.ring()
	}
	for _, r := range w.lives {
		w.act(r)
	}
	err := w.Advance(w.ctx)
	w.fine(err)
	w.lives = w.live()
	if err == nil {
		w.noneLate()
	}
	w.nobodyTwice()
	if w.broken && w.r.IntN(2) == 0 {
		w.crash()
	}
	w.broken = false
}

// harm is what goes wrong by itself.
func (w *world) harm() {
	if !w.back.IsZero() && time.Now().After(w.back) {
		w.back = time.Time{}
		w.hint.setAway(false)
		w.told = time.Time{}
	}
	switch w.r.IntN(250) {
	case 0, 1:
		w.crash()
	case 2, 3, 4, 5:
		w.counts["flushes"]++
		w.hint.flush()
		w.told = time.Time{}
	case 6, 7, 8:
		w.counts["times live state went"]++
		w.hint.setAway(true)
		w.back = time.Now().Add(time.Duration(w.r.IntN(60)) * time.Second)
	case 9, 10, 11:
		w.counts["clock jumps"]++
		w.wall.Add(int64(time.Duration(w.r.IntN(900)-300) * time.Second))
	}
}

// fine wants an error to be one that somebody may be told; it reports whether the
// same may be tried again.
func (w *world) fine(err error) (again bool) {
	w.t.Helper()
	if err == nil {
		return false
	}
	if errors.Is(err, storetest.ErrFault) {
		w.broken = w.broken || errors.Is(err, bridge.ErrOutcomeUnknown)
		return true
	}
	switch code := bridge.CodeOf(err); code {
	case bridge.CodeForbidden, bridge.CodeRingTaken, bridge.CodeRingExpired, bridge.CodeLineUnavailable, bridge.CodeConflict, bridge.CodeNotFound:
		w.counts[string(code)]++
		return false
	case bridge.CodeBusy:
		w.counts[string(code)]++
		return true
	default:
		w.t.Fatalf("somebody was told: %v", err)
		return false
	}
}

// ring has a doctor, now and then one of a team, ring somebody.
func (w *world) ring() {
	q := w.r.IntN(patients)
	n := bridge.NewRing{
		MID: fmt.Sprintf("mid-%08d", len(w.tries)), Patient: bridge.PatientID(patient(q)), Purpose: bridge.PurposeTreatment,
		Topics: []bridge.Topic{bridge.TopicMedication}, Note: "note", Session: "desk",
	}
	from := doctor(q % (clinics * ofClinic))
	switch w.r.IntN(10) {
	case 0, 1, 2, 3:
		n.Wanted.Function = bridge.FunctionTreatingPsychiatrist
	case 4, 5:
		n.Wanted.Function = bridge.FunctionContactNurse
	case 6, 7:
		n.Line = bridge.LineID(fmt.Sprintf("lt%d", q%teams))
	case 8:
		n.Wanted.Ref = role(staff(w.r.IntN(teams), w.r.IntN(ofTeam)))
	default: // back, where two may ring each other
		n.Wanted.Ref, from = role(from), staff(q%teams, q/teams%ofTeam)
	}
	x := &try{new: n, caller: from, won: map[int][]winner{}}
	w.tries = append(w.tries, x)
	var last error
	for range 20 {
		v, err := w.Ring(w.ctx, w.callers[from], n)
		last = err
		if err == nil {
			x.id = v.ID
			if w.known[v.ID] == nil { // otherwise it was answered as a ring of the other's
				w.known[v.ID] = x
			} else if v.State == bridge.RingAccepted && v.Mine == bridge.SideTalker {
				w.counts["glares"]++
			}
			return
		}
		if !w.fine(err) {
			return
		}
		pass(100 * time.Millisecond)
	}
	w.t.Fatalf("%s could not ring: %v", from, last)
}

// live lists what rings and what is talked on.
func (w *world) live() (all []bridge.Ring) {
	w.must(w.store.View(w.ctx, func(tx bridge.Tx) (err error) {
		all, err = tx.Rings().Find(bridge.RingQuery{States: []bridge.RingState{bridge.RingRinging, bridge.RingAccepted}, Limit: 10_000})
		return err
	}))
	return all
}

// name is of a party of the region.
func name(r bridge.Ref) string { return r.ID() }

// act does something, mostly nothing, with a ring that is live.
func (w *world) act(r bridge.Ring) {
	rung := r.Ringing()
	dice := w.r.IntN(100)
	switch {
	case r.State == bridge.RingRinging && dice < 8 && len(rung) > 0:
		w.answer(r, rung)
	case r.State == bridge.RingRinging && dice < 14 && len(rung) > 0:
		_, err := w.DeclineRing(w.ctx, w.callers[name(rung[w.r.IntN(len(rung))])], r.ID, "in a talk", "later")
		w.fine(err)
	case r.State == bridge.RingRinging && dice < 15:
		_, err := w.CancelRing(w.ctx, w.callers[name(r.Caller)], r.ID)
		w.fine(err)
	case r.State == bridge.RingAccepted && (dice < 10 || w.calm.Load()):
		_, err := w.EndRing(w.ctx, w.callers[name([]bridge.Ref{r.Caller, r.By}[w.r.IntN(2)])], r.ID)
		w.fine(err)
	case r.State == bridge.RingAccepted && dice < 13:
		to := bridge.HandTo{Party: role(staff(w.r.IntN(teams), w.r.IntN(ofTeam)))}
		if w.r.IntN(2) == 0 {
			to = bridge.HandTo{Line: bridge.LineID(fmt.Sprintf("lt%d", w.r.IntN(teams))), Tier: 1 + w.r.IntN(2)}
		}
		_, err := w.HandOver(w.ctx, w.callers[name(r.By)], r.ID, to, "she knows more")
		if !w.fine(err) && err == nil {
			w.counts["handed over"]++
		}
	}
}

// answer has up to four devices answer a ring at once, each of which says it
// again when the answer to it is lost.
func (w *world) answer(r bridge.Ring, rung []bridge.Ref) {
	var all sync.WaitGroup
	var mu sync.Mutex // guards what follows
	var errs []error
	x := w.known[r.ID]
	for i := range 1 + w.r.IntN(4) {
		who, device := rung[w.r.IntN(len(rung))], fmt.Sprint("device-", i)
		all.Go(func() {
			for range 10 {
				v, err := w.AcceptRing(w.ctx, w.callers[name(who)], device, r.ID)
				mu.Lock()
				errs = append(errs, err)
				if err == nil && v.State == bridge.RingAccepted && v.By == who && v.Device == device {
					at := len(r.Steps)
					x.won[at] = append(x.won[at], winner{who, device})
				}
				mu.Unlock()
				if err == nil || !errors.Is(err, storetest.ErrFault) {
					return
				}
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		w.fine(err)
	}
	for step, who := range x.won {
		if len(who) > 1 {
			w.t.Errorf("step %d of ring %s was answered by %v", step, r.ID, who)
		}
	}
}

// nobodyTwice wants nobody to be rung by two rings at once, nor while they talk.
func (w *world) nobodyTwice() {
	w.t.Helper()
	taken := map[bridge.Ref]bridge.RingID{}
	for _, r := range w.lives {
		for _, p := range append(r.Ringing(), r.By) {
			if p == "" {
				continue
			}
			if other, ok := taken[p]; ok {
				w.t.Errorf("%s is rung by %s and %s", p, other, r.ID)
			}
			taken[p] = r.ID
		}
	}
}

// noneLate wants no ring to ring past its time, where all that was due was done;
// nor for long past it by the steady clock, where that on the wall was set back.
func (w *world) noneLate() {
	w.t.Helper()
	seen := map[string]time.Time{}
	for _, r := range w.lives {
		if r.State != bridge.RingRinging {
			continue
		}
		if d := r.Deadline(); !d.After(w.now().Add(-time.Minute)) {
			w.t.Errorf("ring %s rings in silence since %s", r.ID, d)
		}
		key := fmt.Sprint(r.ID, len(r.Steps))
		since, ok := w.seen[key]
		if !ok {
			since = time.Now()
		}
		seen[key] = since
		if long := time.Since(since); long > 10*time.Minute {
			w.t.Errorf("step %d of ring %s rings for %s", len(r.Steps), r.ID, long)
		}
	}
	w.seen = seen
}

func TestRingsEndWithOneWinnerOrAFallback(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	rings := number(t, "BROBYGGER_RINGS", 120)
	t.Logf("%d rings; -seed %d plays them again", rings, seed)
	p, err := policy.New(policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, seed, p)
		defer func() { w.must(w.store.Close()) }()
		for len(w.tries) < rings && !t.Failed() {
			w.step(true)
		}
		w.calm.Store(true)
		w.hint.setAway(false)
		w.told = time.Time{}
		for start := time.Now(); len(w.lives) > 0 && !t.Failed(); w.step(false) {
			if time.Since(start) > time.Hour {
				t.Fatalf("%d rings never end", len(w.lives))
			}
		}
		w.verify()
		w.must(w.store.Check(w.ctx))
		for _, what := range slices.Sorted(keys(w.counts)) {
			t.Logf("%6d %s", w.counts[what], what)
		}
	})
}
