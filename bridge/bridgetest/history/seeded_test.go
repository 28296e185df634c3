// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/bridgetest/history"
)

// within is how soon each seeded bug must be found.
const within = time.Minute

// The bugs that people make in this, each behind a build tag of its own beside the
// rule that it breaks, and the harm that brings it out. A test that finds none of
// them proves nothing.
var seededBugs = []struct {
	tag   string
	shape shape
	harm  func(*siege)
}{
	{"bug_nodrain", shape{tags: []string{"bug_nodrain"}}, stopTheReader},
	{"bug_nofence", shape{readerTags: []string{"bug_nofence"}}, stopTheReader},
	{"bug_earlyclose", shape{tags: []string{"bug_earlyclose"}}, stopTheReader},
	{"bug_latebeat", shape{tags: []string{"bug_latebeat", "pauses"}, chatty: true}, stopTheThread},
	{"bug_replica", shape{tags: []string{"bug_replica"}}, sendAfterwards},
	{"bug_async", shape{tags: []string{"bug_async"}}, killAfterwards},
}

func TestSeededBugs(t *testing.T) {
	for _, bug := range seededBugs {
		t.Run(bug.tag, func(t *testing.T) {
			t.Parallel()
			bug.shape.patients, bug.shape.crews = 1, 1
			s := lay(t, seed(t), bug.shape)
			start := time.Now()
			for {
				bug.harm(s)
				found := s.violations()
				if len(found) > 0 {
					t.Logf("found after %s: %s", time.Since(start).Round(time.Millisecond), found[0])
				}
				if time.Since(start) > within {
					keep(t, bug.tag, s.rec.Ops())
					t.Fatalf("%s is not found within %s", bug.tag, within)
				}
				if len(found) > 0 {
					return
				}
			}
		})
	}
}

// The same harm to a bridge without a bug brings nothing out; the thread that
// stands still between claim and frame is in it.
func TestTheSameHarmFindsNothingWithoutABug(t *testing.T) {
	for name, of := range map[string]struct {
		shape shape
		harm  func(*siege)
	}{
		"the reader stopped": {shape{tags: []string{"pauses"}}, stopTheReader},
		"a thread stopped":   {shape{tags: []string{"pauses"}, chatty: true}, stopTheThread},
		"sent afterwards":    {shape{tags: []string{"pauses"}}, sendAfterwards},
		"killed afterwards":  {shape{tags: []string{"pauses"}}, killAfterwards},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of.shape.patients, of.shape.crews = 1, 1
			s := lay(t, seed(t), of.shape)
			of.harm(s)
			of.harm(s)
			s.judge("no-bug")
		})
	}
}

// A program with a bug in it serves nobody but this harness.
func TestAProgramWithASeededBugRefusesToRun(t *testing.T) {
	for _, args := range [][]string{{"serve", "--config", "none.yaml"}, {"demo"}} {
		out, err := exec.Command(brobyggerProgram(t, "bug_nodrain"), args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "built with a bug") {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
}

// violations is what the history shows so far of what needs no settling.
func (s *siege) violations() []history.Violation {
	ops := s.rec.Ops()
	return slices.Concat(history.Strict(ops), history.Registers(ops))
}

// arrives waits until an accepted message came to the only reader.
func (s *siege) arrives(o history.Op) {
	if o.Result != history.OK {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, within/10)
	defer cancel()
	s.came.await(ctx, readerOf(0)+"/"+s.crews[0].device, o.Message)
}

// ready has the consent given, and a first message shown, so that the session is
// one that content is pushed to.
func (s *siege) ready() *life {
	l := s.lives[0]
	if len(l.given) == 0 {
		l.grant()
	}
	s.arrives(l.send())
	pause(s.ctx, 100*time.Millisecond) // until the bridge was told of it
	return l
}

// stopTheReader stops the reader, sends, withdraws, and lets the reader go on as
// soon as that is answered.
func stopTheReader(s *siege) {
	l := s.ready()
	s.crews[0].freeze()
	last := l.send()
	l.withdraw()
	s.crews[0].thaw()
	s.arrives(last)
}

// stopTheThread withdraws while what delivers stands still between the claim and
// the frame, for longer than the withdrawal waits. The client is well, and its
// beats come in meanwhile.
func stopTheThread(s *siege) {
	l := s.ready()
	s.server.write("pause", []byte("4500ms"))
	sent := make(chan history.Op)
	go func() { sent <- l.send() }()
	pause(s.ctx, 500*time.Millisecond)
	l.withdraw()
	if err := os.Remove(filepath.Join(s.server.folder, "pause")); err != nil {
		s.t.Error(err)
	}
	s.arrives(<-sent)
}

// sendAfterwards sends right after the answer.
func sendAfterwards(s *siege) {
	l := s.ready()
	l.withdraw()
	s.arrives(l.send())
}

// killAfterwards kills the server right after the answer, and sends to what comes
// back.
func killAfterwards(s *siege) {
	if l := s.lives[0]; len(l.given) == 0 {
		l.grant()
	}
	pause(s.ctx, 2*time.Second)
	l := s.ready()
	pause(s.ctx, 2*time.Second) // so that no claim is open, and the answer comes at once
	l.withdraw()
	s.server.kill()
	s.server.start()
	s.arrives(l.send())
}
