// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	"github.com/brobygger/brobygger/policy"
)

// office is a desk with its files.
type office struct {
	*policy.Desk
	t      *testing.T
	o      policy.DeskOptions
	counts counts
}

type counts struct {
	activated, refused atomic.Int64
	shadowed           chan string
}

func (c *counts) Loaded(ok bool) {
	if ok {
		c.activated.Add(1)
	} else {
		c.refused.Add(1)
	}
}

func (c *counts) Shadowed(outcome string, _ bridge.Action) { c.shadowed <- outcome }

// newOffice has a store and a key, and a bundle when there is one.
func newOffice(t *testing.T, raw []byte) *office {
	t.Helper()
	dir := t.TempDir()
	_, public := keys(t)
	f := &office{t: t, counts: counts{shadowed: make(chan string, 1000)}}
	f.o = policy.DeskOptions{
		Bundle: filepath.Join(dir, "new.bundle"), Key: filepath.Join(dir, "policy.pub"), Kept: filepath.Join(dir, "kept.bundle"), Count: &f.counts,
		Options: policy.Options{Budget: 5 * time.Second}, // these tests share their machine
	}
	if err := os.WriteFile(f.o.Key, public, 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(filepath.Join(dir, "bridge.db"), sqlite.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	f.o.Store = store
	if raw != nil {
		f.put(f.o.Bundle, raw)
	}
	return f
}

func (f *office) put(path string, raw []byte) {
	f.t.Helper()
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// start opens the desk, as a bridge that starts does.
func (f *office) start() *office {
	f.t.Helper()
	d, err := policy.OpenDesk(f.t.Context(), f.o)
	if err != nil {
		f.t.Fatal(err)
	}
	f.Desk = d
	return f
}

// in says which bundle decides, by its number; "" for none.
func (f *office) in() string {
	n, _, _ := strings.Cut(f.Revision(), "-")
	return n
}

func (f *office) want(revision string, ready bool) {
	f.t.Helper()
	if got := f.in(); got != revision {
		f.t.Errorf("%q decides, want %q", got, revision)
	}
	if err := f.Ready(f.t.Context()); (err == nil) != ready {
		f.t.Errorf("ready is %v, want %t", err, ready)
	}
	d, err := f.Decide(f.t.Context(), treating())
	if d.Allow != ready || (err == nil) != ready {
		f.t.Errorf("the treating team gets %+v, %v", d, err)
	}
}

// treating is allowed under the built-in law.
func treating() *bridge.Question {
	return &bridge.Question{
		Action: bridge.ActionSend, Now: now, Patient: jens(), From: gp, To: psychiatrist,
		Purpose: bridge.PurposeTreatment, Topics: []bridge.Topic{bridge.TopicMedication},
	}
}

func TestANewerBundleTakesOverAndAnOlderDoesNot(t *testing.T) {
	f := newOffice(t, signed(t, policy.Manifest{Revision: 10}, lean)).start()
	f.want("10", true)
	swap := func(m policy.Manifest, says, decides string) {
		t.Helper()
		f.put(f.o.Bundle, signed(t, m, lean))
		err := f.Reload(t.Context())
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", m, err, says)
		}
		f.want(decides, true)
		if got := f.State().Refused; (got == "") != (says == "") {
			t.Errorf("refused is %q", got)
		}
	}
	swap(policy.Manifest{Revision: 12}, "", "12")
	swap(policy.Manifest{Revision: 11}, "not newer", "12")
	swap(policy.Manifest{Revision: 10, RollbackFrom: 11}, "not newer", "12")
	swap(policy.Manifest{Revision: 10, RollbackFrom: 12}, "", "10")
	swap(policy.Manifest{Revision: 12}, "not newer", "10")
	swap(policy.Manifest{Revision: 13}, "", "13")
	swap(policy.Manifest{Revision: 10, RollbackFrom: 12}, "not newer", "13")
	if got := f.counts.activated.Load(); got != 4 {
		t.Errorf("%d activations, want 4", got)
	}
}

// Whatever is wrong with the next bundle, the one in force stays.
func TestTheOldPolicyStaysOnEveryRefusal(t *testing.T) {
	good := signed(t, policy.Manifest{Revision: 10}, lean)
	f := newOffice(t, good).start()
	private, _ := keys(t)
	unsigned, err := policy.Build(sources(t, nil), policy.Manifest{Revision: 11})
	if err != nil {
		t.Fatal(err)
	}
	newer, err := policy.Sign(unsigned, private)
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte{}, newer...)
	flipped[len(flipped)/2] ^= 4
	for name, raw := range map[string][]byte{
		"unsigned": unsigned, "truncated": newer[:len(newer)-40], "flipped": flipped, "empty": {},
		"failing": signed(t, policy.Manifest{Revision: 11}, appended("party/party_test.rego", "test_that_fails if 1 == 2")),
	} {
		f.put(f.o.Bundle, raw)
		if err := f.Reload(t.Context()); err == nil {
			t.Errorf("%s: taken", name)
		}
		f.want("10", true)
	}
	if err := os.Remove(f.o.Bundle); err != nil {
		t.Fatal(err)
	}
	if err := f.Reload(t.Context()); err == nil {
		t.Error("a missing file was taken")
	}
	f.want("10", true)
	if n := f.counts.refused.Load(); n != 6 {
		t.Errorf("%d refusals were counted, want 6", n)
	}
}

func TestTheLastVerifiedBundleDecidesAfterARestart(t *testing.T) {
	f := newOffice(t, signed(t, policy.Manifest{Revision: 10}, lean)).start()
	f.want("10", true)
	f.put(f.o.Bundle, []byte("half a download"))
	f.start()
	f.want("10", true)
	if f.State().Refused == "" {
		t.Error("nothing says that the configured bundle was refused")
	}
	kept, err := os.ReadFile(f.o.Kept)
	if err != nil {
		t.Fatal(err)
	}
	f.put(f.o.Bundle, signed(t, policy.Manifest{Revision: 11}, lean))
	if err := f.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.put(f.o.Bundle, []byte("half a download"))
	f.put(f.o.Kept, kept) // somebody puts the older one back
	f.start()
	f.want("", false)
}

func TestWithoutABundleNothingIsDecided(t *testing.T) {
	f := newOffice(t, nil).start()
	f.want("", false)
	if got := f.Reason("consent_required", "en"); got == "" || got == "consent_required" {
		t.Errorf("a denial has no words: %q", got)
	}
	f.put(f.o.Bundle, signed(t, policy.Manifest{Revision: 1}, lean))
	if !f.Changed() {
		t.Error("the new file is not noticed")
	}
	if err := f.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.want("1", true)
	if f.Changed() {
		t.Error("the file is read again and again")
	}
	for _, o := range []policy.DeskOptions{
		{Store: f.o.Store, Bundle: f.o.Bundle},
		{Store: f.o.Store, Bundle: f.o.Bundle, Key: f.o.Bundle},
		{Store: f.o.Store, Shadow: f.o.Bundle},
	} {
		if _, err := policy.OpenDesk(t.Context(), o); err == nil {
			t.Errorf("opened without a key: %+v", o)
		}
	}
}

// Policies are swapped while many decide: nobody gets an error, and each decision
// is of one policy whole.
func TestReloadingUnderLoadFailsNobody(t *testing.T) {
	bundles := [][]byte{signed(t, policy.Manifest{Revision: 10}, lean)}
	for n := uint64(11); n < 15; n++ {
		if n%2 == 1 {
			bundles = append(bundles, signed(t, policy.Manifest{Revision: n}, func(s *policy.Sources) {
				lean(s)
				appended("party/party_test.rego", "test_more if 1 == 1")(s)
			}))
		} else {
			bundles = append(bundles, signed(t, policy.Manifest{Revision: n}, lean))
		}
	}
	f := newOffice(t, bundles[0]).start()
	ctx, stop := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	var decided, wrong atomic.Int64
	for range 2 {
		asking.Go(func() {
			q := treating()
			for ctx.Err() == nil {
				d, err := f.Decide(context.Background(), q)
				decided.Add(1)
				if err != nil || !d.Allow || d.Revision == "" {
					wrong.Add(1)
				}
			}
		})
	}
	for _, raw := range bundles[1:] {
		before := decided.Load()
		f.put(f.o.Bundle, raw)
		if err := f.Reload(t.Context()); err != nil {
			t.Error(err)
		}
		for decided.Load() < before+100 && wrong.Load() == 0 {
			// Each policy decides a hundred questions at the least.
			<-time.After(time.Millisecond)
		}
	}
	stop()
	asking.Wait()
	if n := wrong.Load(); n > 0 {
		t.Errorf("%d of %d decisions failed", n, decided.Load())
	}
	f.want("14", true)
}

// A candidate that allows more and less is asked beside the policy: the answers
// are the policy's, and what would change is counted and listed.
func TestACandidateInTheShadowOnlyCounts(t *testing.T) {
	f := newOffice(t, signed(t, policy.Manifest{Revision: 10}, lean))
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	f.o.Shadow = filepath.Join(t.TempDir(), "candidate.bundle")
	f.put(f.o.Shadow, signed(t, policy.Manifest{Revision: 11}, withoutTreatment))
	f.start()
	for range 3 {
		f.want("10", true)
	}
	for range 3 {
		if got := <-f.counts.shadowed; got != "lose" {
			t.Errorf("counted as %s", got)
		}
	}
	q := treating()
	q.From = worker // who needs a consent under both
	if d, err := f.Decide(t.Context(), q); err != nil || d.Allow {
		t.Errorf("%+v, %v", d, err)
	}
	if got := <-f.counts.shadowed; got != "same" {
		t.Errorf("counted as %s", got)
	}
	s := f.State().Shadow
	if s.Compared != 4 || len(s.Differences) != 1 {
		t.Fatalf("%+v", s)
	}
	if d := s.Differences[0]; d.Count != 3 || d.Direction != bridge.DirectionLose || d.ToRole != psychiatrist.Role || d.Was[0] != "dk.health-act.41-2-1" {
		t.Errorf("%+v", d)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f.want("10", true)
}

// withoutTreatment takes the ground away that the treating team has, with the
// tests that want it.
func withoutTreatment(s *policy.Sources) {
	health := law(s)["routes"].(map[string]any)["health"].(map[string]any)["health"].(map[string]any)
	health["treatment"] = map[string]any{"consent": "dk.health-act.41-1"}
	lean(s)
}

// lean leaves few tests and cases, which are quick.
func lean(s *policy.Sources) {
	onlyTests(s, "party/")
	cases := s.Data["cases"].(map[string]any)["cases"].(map[string]any)
	s.Data["cases"].(map[string]any)["cases"] = map[string]any{"3-jobcentre": cases["3-jobcentre"]}
}

// onlyTests leaves the tests of one folder.
func onlyTests(s *policy.Sources, folder string) {
	for name := range s.Modules {
		if strings.HasSuffix(name, "_test.rego") && !strings.HasPrefix(name, folder) && name != "party/people_test.rego" {
			delete(s.Modules, name)
		}
	}
}
