// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// childEnv holds the path of the database that the test's own program, started
// once more, writes to until it is killed.
const childEnv = "BROBYGGER_SQLITE_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		fmt.Fprintln(os.Stderr, child(path, os.Args[1]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// child sends from eight patients at once, and prints each message's id when it
// was answered. It never ends by itself but with an error.
func child(path, round string) error {
	s, err := sqlite.Open(path, small)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for i := range 8 {
		go func() {
			p := bridge.PatientID(fmt.Sprint("p", i))
			c := bridge.ConversationID(fmt.Sprint("c", i, "-", round))
			for n := -2; ; n++ {
				step := wholePath(p, c, n)
				switch n {
				case -2:
					step = newPatient(p)
				case -1:
					step = newTalk(p, c)
				}
				if err := s.Update(context.Background(), p, step); err != nil {
					failed <- err
					return
				}
				if n >= 0 {
					fmt.Printf("%012d-%s\n", n, c)
				}
			}
		}()
	}
	return <-failed
}

// Whatever was answered before a kill -9 is there afterwards, and everything
// fits together.
func TestKilled(t *testing.T) {
	const rounds = 4
	path := filepath.Join(t.TempDir(), "bridge.db")
	acknowledged := map[bridge.MessageID]bool{}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	for round := range rounds {
		before := len(acknowledged)
		killed(t, path, fmt.Sprint(round), 1+chance.IntN(200), acknowledged)
		if len(acknowledged) == before {
			t.Fatal("nothing was acknowledged")
		}
		s := open(t, path, small)
		if err := s.Check(context.Background()); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		err := s.View(context.Background(), func(tx bridge.Tx) error {
			for id := range acknowledged {
				if _, err := tx.Messages().Message(id); err != nil {
					return fmt.Errorf("message %s was acknowledged: %w", id, err)
				}
				if _, err := tx.Disclosures().Disclosure(bridge.DisclosureID("d-" + id)); err != nil {
					return fmt.Errorf("disclosure of %s was acknowledged: %w", id, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		shut(t, s)
	}
}

// killed runs the child, kills it when it has acknowledged so many messages, and
// adds all that it has.
func killed(t *testing.T, path, round string, after int, acknowledged map[bridge.MessageID]bool) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, round)
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var kill sync.Once
	lines := bufio.NewReader(out)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line that is not whole was not heard
		}
		acknowledged[bridge.MessageID(strings.TrimSpace(line))] = true
		if n >= after {
			kill.Do(func() { err = cmd.Process.Kill() })
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || complaint.Len() > 0 {
		t.Fatalf("child ended by itself: %v, %s", err, complaint.String())
	}
}
