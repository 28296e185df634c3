// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// While a commit is on its way to the disk the next group runs, and nobody is told
// anything: not who wrote, not who has read what was written, not who was refused
// because of it.
func TestNobodyIsToldBeforeTheSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "bridge.db"), sqlite.Options{Reserve: -1})
		defer shut(t, s)
		update(t, s, "", newPatient("before"))
		reached, leave := make(chan struct{}, 10), make(chan struct{})
		s.OnSync(func(sync func() error) error {
			reached <- struct{}{}
			<-leave
			return sync()
		})
		errRefused := errors.New("it is there")
		told := make(chan string, 10)
		tell := func(who string, want error, err error) {
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", who, err, want)
			}
			told <- who
		}
		go func() { tell("who wrote", nil, s.Update(t.Context(), "a", newPatient("a"))) }()
		<-reached
		ran := make(chan struct{}, 10)
		seen := func(tx bridge.Tx) error {
			defer func() { ran <- struct{}{} }()
			_, err := tx.Patients().Patient("a")
			return err
		}
		go func() { tell("who has read", nil, s.View(t.Context(), seen)) }()
		go func() { tell("who has read in an update", nil, s.Update(t.Context(), "a", seen)) }()
		go func() {
			tell("who was refused", errRefused, s.Update(t.Context(), "a", func(tx bridge.Tx) error {
				return errors.Join(seen(tx), errRefused)
			}))
		}()
		go func() {
			tell("who gives up", context.Canceled, func() error {
				ctx, cancel := context.WithCancel(t.Context())
				return s.View(ctx, func(tx bridge.Tx) error { defer cancel(); return seen(tx) })
			}())
		}()
		for range 4 {
			<-ran
		}
		synctest.Wait()
		if got := <-told; got != "who gives up" || len(told) > 0 {
			t.Errorf("told before the sync: %s, and %d more", got, len(told))
		}
		close(leave)
		synctest.Wait()
		if len(told) != 4 {
			t.Errorf("told behind the sync: %d of 4", len(told))
		}
		if len(reached) > 0 {
			t.Errorf("%d more syncs for those who wrote nothing", len(reached))
		}
	})
}

// Who has seen nothing of a commit does not wait for its sync.
func TestAViewOfBeforeDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "bridge.db"), sqlite.Options{Reserve: -1})
		defer shut(t, s)
		reached, leave := make(chan struct{}), make(chan struct{})
		s.OnSync(func(sync func() error) error {
			close(reached)
			<-leave
			return sync()
		})
		written := make(chan error, 1)
		err := s.View(t.Context(), func(tx bridge.Tx) error {
			if _, err := tx.Patients().Patient("a"); !errors.Is(err, bridge.ErrNotFound) {
				t.Errorf("before it was written: %v", err)
			}
			go func() { written <- s.Update(t.Context(), "a", newPatient("a")) }()
			<-reached
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if err := s.View(t.Context(), func(bridge.Tx) error { return nil }); err != nil {
			t.Errorf("who reads nothing: %v", err)
		}
		close(leave)
		if err := <-written; err != nil {
			t.Error(err)
		}
	})
}

// After a sync that failed nothing is told, read or written any more, whether it
// came before or behind it. A restart finds out what there is.
func TestAfterAFailedSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "bridge.db")
		s := open(t, path, sqlite.Options{Reserve: -1, Checkpoint: 1})
		update(t, s, "", newPatient("before"))
		errDisk := errors.New("the disk is ill")
		reached, leave := make(chan struct{}), make(chan struct{})
		syncs := 0
		s.OnSync(func(func() error) error {
			syncs++
			close(reached) // a second one would panic: it may lie
			<-leave
			return errDisk
		})
		unknown, behind, reader, late := make(chan error, 1), make(chan error, 1), make(chan error, 1), make(chan error, 1)
		go func() { unknown <- s.Update(t.Context(), "a", newPatient("a")) }()
		<-reached
		go func() { behind <- s.Update(t.Context(), "b", newPatient("b")) }()
		go func() {
			reader <- s.View(t.Context(), func(tx bridge.Tx) error {
				_, err := tx.Patients().Patient("a")
				return err
			})
		}()
		synctest.Wait()
		close(leave)
		if err := <-unknown; !errors.Is(err, bridge.ErrOutcomeUnknown) || !errors.Is(err, errDisk) {
			t.Errorf("who was on it got %v", err)
		}
		for name, c := range map[string]chan error{"behind it": behind, "who has read it": reader} {
			if err := <-c; !errors.Is(err, errDisk) || name == "behind it" && errors.Is(err, bridge.ErrOutcomeUnknown) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		go func() { late <- s.Update(t.Context(), "c", newPatient("c")) }()
		if err := <-late; !errors.Is(err, errDisk) || errors.Is(err, bridge.ErrOutcomeUnknown) {
			t.Errorf("later: got %v", err)
		}
		err := s.View(t.Context(), func(tx bridge.Tx) error { _, err := tx.Patients().Patient("before"); return err })
		if !errors.Is(err, errDisk) {
			t.Errorf("reading later: got %v", err)
		}
		log := size(t, path+"-wal")
		shut(t, s)
		if syncs != 1 {
			t.Errorf("synced %d times", syncs)
		}
		if got := size(t, path+"-wal"); got != log {
			t.Errorf("the log was moved: it had %d bytes and has %d", log, got)
		}
	})
}

// image is what a disk would hold if the power went.
type image struct{ database, log []byte }

func imageOf(t *testing.T, path string) (i image) {
	var err1, err2 error
	i.database, err1 = os.ReadFile(path)
	i.log, err2 = os.ReadFile(path + "-wal")
	if err := errors.Join(err1, err2); err != nil {
		t.Error(err)
	}
	return i
}

// torn is the image with what the log has got since before half lost: each sector
// as it was, as it became, or as neither.
func (i image) torn(before image, chance *rand.Rand) image {
	const sector = 512
	log := bytes.Clone(i.log)
	old := append(bytes.Clone(before.log), make([]byte, max(0, len(log)-len(before.log)))...)
	for at := 0; at < len(log); at += sector {
		end := min(at+sector, len(log))
		if bytes.Equal(log[at:end], old[at:end]) {
			continue
		}
		switch chance.IntN(4) {
		case 0:
			copy(log[at:end], old[at:end])
		case 1:
			from := chance.IntN(end - at)
			copy(log[at+from:end], old[at+from:end])
		}
	}
	return image{i.database, log}
}

// holdsAll opens the image as after a power loss, and wants all of it to fit
// together and everything that was acknowledged to be there.
func (i image) holdsAll(t *testing.T, acknowledged map[bridge.MessageID]bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bridge.db")
	if err := errors.Join(os.WriteFile(path, i.database, 0o600), os.WriteFile(path+"-wal", i.log, 0o600)); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, small)
	defer shut(t, s)
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	err := s.View(t.Context(), func(tx bridge.Tx) error {
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
		t.Error(err)
	}
}

// Whatever was answered is on the disk when the power goes, whenever it goes:
// before a sync only that is certain which the sync before has left there.
func TestPowerLoss(t *testing.T) {
	for _, c := range []struct {
		name    string
		options sqlite.Options
		torn    bool // only where nothing else syncs the log
	}{
		{"half of what was not synced is lost", sqlite.Options{Reserve: -1, Checkpoint: 1 << 20}, true},
		{"checkpoints run", sqlite.Options{Reserve: -1, Checkpoint: 40}, false},
	} {
		t.Run(c.name, func(t *testing.T) { powerLoss(t, c.options, c.torn) })
	}
}

func powerLoss(t *testing.T, o sqlite.Options, torn bool) {
	const images, senders = 6, 8
	path := filepath.Join(t.TempDir(), "bridge.db")
	s := open(t, path, o)
	talks := map[bridge.PatientID]bridge.ConversationID{}
	for i := range senders {
		p := bridge.PatientID(fmt.Sprint("p", i))
		talks[p] = bridge.ConversationID(fmt.Sprint("c", i))
		update(t, s, p, newPatient(p))
		update(t, s, p, newTalk(p, talks[p]))
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	var mu sync.Mutex // guards the following field
	acknowledged := map[bridge.MessageID]bool{}
	known := func() map[bridge.MessageID]bool {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(acknowledged)
	}
	type loss struct {
		image
		known map[bridge.MessageID]bool
	}
	var losses []loss
	var stop sync.Once
	enough := make(chan struct{})
	syncs := 0
	var before image // as the last sync left it
	s.OnSync(func(sync func() error) error {
		if syncs++; syncs%7 > 1 {
			return sync()
		}
		if syncs%7 == 1 && len(before.log) > 0 { // the sync before has taken an image
			i := imageOf(t, path)
			if torn {
				i = i.torn(before, chance)
			}
			losses = append(losses, loss{i, known()})
			if len(losses) == images {
				stop.Do(func() { close(enough) })
			}
		}
		err := sync()
		before = imageOf(t, path)
		return err
	})
	var all sync.WaitGroup
	for p, conv := range talks {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-enough:
					return
				default:
				}
				if err := s.Update(context.Background(), p, wholePath(p, conv, n)); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acknowledged[bridge.MessageID(fmt.Sprintf("%012d-%s", n, conv))] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
	shut(t, s)
	for _, l := range losses {
		l.holdsAll(t, l.known)
	}
	if last := losses[len(losses)-1]; len(last.known) == 0 {
		t.Error("nothing was acknowledged")
	}
}
