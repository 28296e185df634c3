// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package live_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/live"
)

const (
	duty  bridge.LineID = "line-duty"
	nurse bridge.LineID = "line-nurse"

	ring  bridge.RingID = "ring-of-the-gp"
	other bridge.RingID = "ring-of-the-caseworker"
)

// board is the other door of the same node.
func board(t testing.TB, l bridge.Live) bridge.Board {
	t.Helper()
	b, ok := l.(bridge.Board)
	if !ok {
		t.Fatal("no board")
	}
	return b
}

func signOn(t testing.TB, l bridge.Live, signs ...bridge.Sign) {
	t.Helper()
	if err := board(t, l).SignOn(t.Context(), signs); err != nil {
		t.Fatal(err)
	}
}

func signOff(t testing.TB, l bridge.Live, line bridge.LineID, party bridge.Ref) {
	t.Helper()
	if err := board(t, l).SignOff(t.Context(), line, party); err != nil {
		t.Fatal(err)
	}
}

func reserve(t testing.TB, l bridge.Live, party bridge.Ref, ring bridge.RingID, d time.Duration) bool {
	t.Helper()
	ok, err := board(t, l).Reserve(t.Context(), party, ring, d)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// on is who takes rings on a line, and false while nobody knows.
func on(t testing.TB, l bridge.Live, line bridge.LineID) ([]bridge.Ref, bool) {
	t.Helper()
	got, err := board(t, l).Available(t.Context(), []bridge.LineID{line})
	if err != nil {
		return nil, false
	}
	if len(got) != 1 || got[0].Line != line {
		t.Fatalf("asked for %s, got %+v", line, got)
	}
	return got[0].On, true
}

// takes waits until a node knows that these and no others take rings on a line.
func takes(t testing.TB, l bridge.Live, line bridge.LineID, want ...bridge.Ref) {
	t.Helper()
	var got []bridge.Ref
	defer func() {
		if t.Failed() {
			t.Logf("the last that was known of %s: %v", line, got)
		}
	}()
	eventually(t, fmt.Sprintf("%v take rings on %s", want, line), func() bool {
		var known bool
		got, known = on(t, l, line)
		return known && slices.Equal(got, want)
	})
}

// changes is what a watcher of a line hears.
func changes(t testing.TB, l bridge.Live, line bridge.LineID) chan struct{} {
	t.Helper()
	c := make(chan struct{}, 1024)
	stop := board(t, l).WatchLine(line, func() { c <- struct{}{} })
	t.Cleanup(stop)
	return c
}

// heard waits for word of a change, as often as it takes until that is so.
func heard(t testing.TB, c chan struct{}, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case <-c:
			if ok() {
				return
			}
		case <-deadline:
			t.Fatalf("nobody said within %v: %s", patience, what)
		}
	}
}

func TestWhoSignsOnCanBeRung(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := known(t, s.open(t, quick()))
		takes(t, l, duty)
		signOn(t, l, bridge.Sign{Line: duty, Party: petra}, bridge.Sign{Line: duty, Party: holm}, bridge.Sign{Line: nurse, Party: holm})
		signOn(t, l)
		if !reserve(t, l, holm, ring, time.Minute) {
			t.Fatal("nobody has him")
		}
		got, err := board(t, l).Available(t.Context(), []bridge.LineID{nurse, "line-of-nobody", duty})
		if err != nil {
			t.Fatal(err)
		}
		want := []bridge.Availability{
			{Line: nurse, On: []bridge.Ref{holm}, Busy: map[bridge.Ref]bridge.RingID{holm: ring}},
			{Line: "line-of-nobody", Busy: map[bridge.Ref]bridge.RingID{}},
			{Line: duty, On: []bridge.Ref{holm, petra}, Busy: map[bridge.Ref]bridge.RingID{holm: ring}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		signOff(t, l, duty, holm)
		signOff(t, l, duty, holm) // once more is harmless
		takes(t, l, duty, petra)
		takes(t, l, nurse, holm)
	})
}

func TestNodesTellEachOtherOfLines(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		a := known(t, s.open(t, quick()))
		b := known(t, second(t, a, quick()))
		c := changes(t, a, duty)
		signOn(t, b, bridge.Sign{Line: duty, Party: holm})
		heard(t, c, "somebody takes rings", func() bool { got, _ := on(t, a, duty); return len(got) == 1 })
		// Whoever says it, on whichever node: off is off.
		signOff(t, a, duty, holm)
		heard(t, c, "nobody takes rings", func() bool { got, known := on(t, a, duty); return known && len(got) == 0 })
		takes(t, b, duty)
	})
}

// A shift ends by itself, and one that is over does not begin.
func TestAShiftEnds(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := known(t, s.open(t, quick()))
		c := changes(t, l, duty)
		signOn(t, l,
			bridge.Sign{Line: duty, Party: holm, Until: time.Now().Add(500 * time.Millisecond)},
			bridge.Sign{Line: duty, Party: jens, Until: time.Now().Add(-time.Second)},
			bridge.Sign{Line: duty, Party: petra, Until: time.Now().Add(time.Hour)})
		takes(t, l, duty, petra)
		heard(t, c, "the shift is over", func() bool { got, _ := on(t, l, duty); return slices.Equal(got, []bridge.Ref{petra}) })
		// A shift that was cut short ends with the next word of it.
		signOn(t, l, bridge.Sign{Line: duty, Party: petra, Until: time.Now().Add(-time.Millisecond)})
		takes(t, l, duty)
	})
}

// The ends of shifts may be told by a clock that is not that of Redis.
func TestAnotherClock(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		o := quick()
		monday := time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)
		o.Now = func() time.Time { return monday }
		l := known(t, s.open(t, o))
		signOn(t, l,
			bridge.Sign{Line: duty, Party: holm, Until: monday.Add(time.Hour)},
			bridge.Sign{Line: duty, Party: petra, Until: monday})
		takes(t, l, duty, holm)
	})
}

// Who is not heard of any more takes no rings, without anybody saying so.
func TestASignOfNobody(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		o := quick()
		o.TTL = time.Second
		a := s.open(t, o)
		c := changes(t, a, duty)
		b := known(t, second(t, a, o))
		signOn(t, b, bridge.Sign{Line: duty, Party: holm})
		heard(t, c, "somebody takes rings", func() bool { got, _ := on(t, a, duty); return len(got) == 1 })
		live.Crash(b)
		heard(t, c, "nobody takes rings", func() bool { got, known := on(t, a, duty); return known && len(got) == 0 })
		eventually(t, "nobody need be looked at any more", func() bool {
			left, err := live.Client(a).Exists(t.Context(), live.IndexKeys()...).Result()
			return err == nil && left == 0
		})
	})
}

func TestOneRingHasAParty(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		a := known(t, s.open(t, quick()))
		b := known(t, second(t, a, quick()))
		for n, step := range []struct {
			node bridge.Live
			ring bridge.RingID
			want bool
		}{{a, ring, true}, {a, ring, true}, {b, ring, true}, {b, other, false}, {a, other, false}} {
			if got := reserve(t, step.node, holm, step.ring, time.Minute); got != step.want {
				t.Errorf("step %d: %v", n, got)
			}
		}
		free := func(who bridge.RingID) {
			t.Helper()
			if err := board(t, b).Release(t.Context(), holm, who); err != nil {
				t.Fatal(err)
			}
		}
		free(other) // has nothing to let go
		got, err := board(t, b).Reserved(t.Context(), []bridge.Ref{petra, holm})
		if diff := cmp.Diff(map[bridge.Ref]bridge.RingID{holm: ring}, got); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		free(ring)
		free(ring)
		if !reserve(t, a, holm, other, 100*time.Millisecond) {
			t.Error("nobody has him any more")
		}
		eventually(t, "a reservation ends by itself", func() bool { return reserve(t, b, holm, ring, time.Minute) })
		if _, err := board(t, a).Reserve(t.Context(), holm, ring, 0); err == nil {
			t.Error("reserved for no time")
		}
	})
}

func TestWatchingALineEnds(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := known(t, s.open(t, quick()))
		c, told := changes(t, l, duty), make(chan struct{}, 1024)
		stop := board(t, l).WatchLine(duty, func() { told <- struct{}{} })
		<-told // that it has begun
		stop()
		stop()
		for len(told) > 0 {
			<-told
		}
		signOn(t, l, bridge.Sign{Line: duty, Party: holm})
		heard(t, c, "somebody takes rings", func() bool { got, _ := on(t, l, duty); return len(got) == 1 })
		if len(told) > 0 {
			t.Error("told after the end")
		}
	})
}

// Who can read Redis must not learn who works where, and who can write to it must
// not be able to put somebody on a line.
func TestLinesInRedisAreSealed(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := known(t, s.open(t, quick()))
		signOn(t, l, bridge.Sign{Line: duty, Party: holm}, bridge.Sign{Line: nurse, Party: petra})
		reserve(t, l, holm, ring, time.Minute)
		reserve(t, l, petra, other, time.Minute)
		c, ctx := live.Client(l), t.Context()
		var text []string
		lines, busy := map[string][]string{}, map[string]string{}
		for _, k := range c.Keys(ctx, "*").Val() {
			text = append(text, k)
			if ttl := c.PTTL(ctx, k).Val(); ttl < 0 && !strings.HasPrefix(k, "px:") {
				t.Errorf("%s is kept for ever", k)
			}
			switch {
			case strings.HasPrefix(k, "l:"):
				lines[k] = c.ZRange(ctx, k, 0, -1).Val()
				text = append(text, lines[k]...)
			case strings.HasSuffix(k, ":busy"):
				busy[k] = c.Get(ctx, k).Val()
				text = append(text, busy[k])
			}
		}
		if len(lines) != 2 || len(busy) != 2 {
			t.Fatalf("%v %v", lines, busy)
		}
		for _, name := range []string{"holm", "petra", "Practitioner", "duty", "nurse", "ring-of"} {
			if strings.Contains(strings.Join(text, "\n"), name) {
				t.Errorf("Redis holds %q", name)
			}
		}
		// Each line gets the other's people, and some nonsense; each party the other's ring.
		for key := range lines {
			for from, members := range lines {
				if from != key {
					live.Forge(t, l, key, append(members, "", "x", "PractitionerRole/x", strings.Repeat("A", 90))...)
				}
			}
		}
		for key := range busy {
			for from, value := range busy {
				if from != key {
					redisErr(t, c.Set(ctx, key, value, time.Minute))
				}
			}
		}
		takes(t, l, duty, holm)
		takes(t, l, nurse, petra)
		got, err := board(t, l).Reserved(ctx, []bridge.Ref{holm, petra})
		if err != nil || len(got) != 0 {
			t.Errorf("%v %v", got, err)
		}
	})
}

func TestManyLinesAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s server) {
		l := known(t, s.open(t, quick()))
		var signs []bridge.Sign
		var lines []bridge.LineID
		for n := range 200 {
			line := bridge.LineID(fmt.Sprintf("line-%03d", n))
			lines = append(lines, line)
			for m := range 3 {
				signs = append(signs, bridge.Sign{Line: line, Party: bridge.Ref(fmt.Sprintf("PractitionerRole/%d-%d", n, m))})
			}
		}
		signOn(t, l, signs...)
		got, err := board(t, l).Available(t.Context(), lines)
		if err != nil {
			t.Fatal(err)
		}
		for n, a := range got {
			if a.Line != lines[n] || len(a.On) != 3 || !slices.IsSorted(a.On) {
				t.Errorf("%d: %+v", n, a)
			}
		}
	})
}
