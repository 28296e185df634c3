// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package load_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/bridgetest/load"
)

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestWhatIsSentThroughARelayIsShown(t *testing.T) {
	address := serve(t, &load.Relay{})
	pairs, err := load.Relayed(t.Context(), address, 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, p := range pairs {
			p.Close()
		}
	})
	rest, err := load.AtRest(t.Context(), pairs[0], 3, 5, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if len(rest.Answered) != 5 || len(rest.Took) != 5 || rest.Took.At(0) <= 0 || rest.Took.At(0) > rest.Took.At(.99) {
		t.Errorf("at rest: %+v", rest)
	}
	fast, err := load.AsFast(t.Context(), pairs, 10*time.Millisecond, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if fast.Shown < 3 || fast.Sent < 3 || fast.All < fast.Sent || fast.Refused+fast.Stale+fast.Withheld != 0 {
		t.Errorf("as fast as it goes: %d shown, %d sent, %d in all, %+v", fast.Shown, fast.Sent, fast.All, fast)
	}
	paced, err := load.Paced(t.Context(), pairs, 300, 50*time.Millisecond, 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if paced.All < 50 || paced.All > 300 {
		t.Errorf("at 300 a second %d were sent in half a second", paced.All)
	}
}

func TestIdleConnectionsAreHeldAndLetGo(t *testing.T) {
	address := serve(t, http.HandlerFunc(load.Plain))
	end, err := load.Idle(20, func(int) (*load.Client, error) { return load.DialPlain(t.Context(), address) })
	if err != nil {
		t.Fatal(err)
	}
	end()
	held, err := load.Resident(os.Getpid())
	if err != nil || held < 1<<20 {
		t.Errorf("this process holds %d bytes, %v", held, err)
	}
	if _, err := load.CPU(os.Getpid()); err != nil {
		t.Error(err)
	}
}

func TestDiskIsTimed(t *testing.T) {
	folder := t.TempDir()
	took, err := load.Disk(folder, 20*time.Millisecond, 2)
	if err != nil || len(took) == 0 || took.At(.5) <= 0 {
		t.Errorf("%v, %v", took, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if load.Times(nil).At(.5) != 0 {
		t.Error("the median of nothing is not 0")
	}
}
