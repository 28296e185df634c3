// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

func named(mid string) bridge.Draft {
	d := draft("c1", "text of "+mid)
	d.MID = mid
	return d
}

func TestQueuesKeepOrderAndForgetWhatIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	file, err := brobygger.OpenFileQueue(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, q := range map[string]brobygger.Queue{"memory": &brobygger.MemoryQueue{}, "file": file} {
		t.Run(name, func(t *testing.T) {
			for _, mid := range []string{"mid-0001", "mid-0002", "mid-0003", "mid-0002"} {
				if err := q.Put(t.Context(), named(mid)); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(q.Remove(t.Context(), "mid-0001"), q.Remove(t.Context(), "unknown")); err != nil {
				t.Fatal(err)
			}
			holds(t, q, "mid-0002", "mid-0003")
		})
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Put(t.Context(), named("mid-0009")); !errors.Is(err, brobygger.ErrClosed) {
		t.Errorf("a closed file takes messages: %v", err)
	}
	again, err := brobygger.OpenFileQueue(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	holds(t, again, "mid-0002", "mid-0003")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func holds(t *testing.T, q brobygger.Queue, want ...string) {
	t.Helper()
	drafts, err := q.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, d := range drafts {
		got = append(got, d.MID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("queue (-want +got):\n%s", diff)
	}
}

func TestFileThatACrashCutShortLosesItsLastLineOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	q, err := brobygger.OpenFileQueue(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, mid := range []string{"mid-0001", "mid-0002"} {
		if err := q.Put(t.Context(), named(mid)); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	q, err = brobygger.OpenFileQueue(path)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, q, "mid-0001")
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append([]byte("not JSON\n"), whole...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := brobygger.OpenFileQueue(path); err == nil {
		t.Error("a file with damage in its middle is taken")
	}
}

func TestMessagesOfAnEarlierProcessAreSent(t *testing.T) {
	s := newServer(t)
	q := &brobygger.MemoryQueue{}
	if err := q.Put(context.Background(), named("mid-0001")); err != nil {
		t.Fatal(err)
	}
	c := s.dial(func(o *brobygger.Options) { o.Queue = q })
	unsent := c.Unsent()
	p, _ := s.admit("L", 0, false)
	cmd := p.want(wire.CmdSend)
	p.reply(cmd, bridge.Sent{Message: "m1"})
	if len(unsent) != 1 {
		t.Fatalf("%d messages unsent, want the one of before", len(unsent))
	}
	if sent, err := unsent[0].Wait(t.Context()); err != nil || sent.Message != "m1" {
		t.Errorf("outcome %v, %v", sent, err)
	}
	holds(t, q, []string{}...)
}
