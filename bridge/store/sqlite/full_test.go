// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// disk is a small file system, or what stands for one.
type disk struct {
	folder string
	fill   func()                // takes all the room that is left
	clear  func()                // gives it back, and more
	watch  func(s *sqlite.Store) // called once s is open
}

const reserve = 1 << 20

// mounted is a file system of 8 MiB, where this process may mount one.
func mounted(t *testing.T) (disk, bool) {
	t.Helper()
	folder := t.TempDir()
	if runtime.GOOS != "linux" || syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=8m") != nil {
		return disk{}, false
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	filler := filepath.Join(folder, "filler")
	return disk{folder: folder, watch: func(*sqlite.Store) {}, clear: func() {
		err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT, "size=32m")
		if err := errors.Join(err, os.Remove(filler)); err != nil {
			t.Fatal(err)
		}
	}, fill: func() {
		f, err := os.Create(filler)
		if err != nil {
			t.Fatal(err)
		}
		page := make([]byte, 4096)
		for err == nil {
			_, err = f.Write(page)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		_ = f.Close()
	}}, true
}

// limited is a database that may not grow beyond 8 MiB, and that finds the room
// of the reserve once that is removed.
func limited(t *testing.T) disk {
	t.Helper()
	d := disk{folder: t.TempDir()}
	full := false
	limit := int64(8 << 20)
	d.fill, d.clear = func() { full = true }, func() { full, limit = false, 64<<20 }
	path := filepath.Join(d.folder, "bridge.db")
	d.watch = func(s *sqlite.Store) {
		s.OnFree(func() (int64, error) {
			_, err := os.Stat(path + "-reserve")
			pages, free := limit/4096, limit-size(t, path)-size(t, path+"-wal")
			switch {
			case err != nil: // its room is the database's now
				pages += reserve / 4096
			case full:
				pages = 1 // SQLite makes it as many as there are
			}
			if full && err != nil {
				free = reserve
			} else if full {
				free = 0
			}
			return max(free, 0), s.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		})
	}
	return d
}

func TestAFullDisk(t *testing.T) {
	t.Run("limited", func(t *testing.T) { fullDisk(t, limited(t), false) })
	t.Run("mounted", func(t *testing.T) { fullDisk(t, mountedOrLimited(t), false) })
	t.Run("behind a long view", func(t *testing.T) { fullDisk(t, mountedOrLimited(t), true) })
}

func mountedOrLimited(t *testing.T) disk {
	t.Helper()
	d, ok := mounted(t)
	if !ok {
		t.Log("may not mount here: with a limit instead")
		d = limited(t)
	}
	return d
}

// reading begins a view that keeps the log from being moved until it is ended.
func reading(t *testing.T, s *sqlite.Store) (end func()) {
	t.Helper()
	began, leave, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.View(context.Background(), func(tx bridge.Tx) error {
			_, err := tx.Patients().Head("a")
			close(began)
			<-leave
			return err
		})
	}()
	<-began
	return func() {
		close(leave)
		if err := <-ended; err != nil {
			t.Errorf("reading for long: %v", err)
		}
	}
}

// fullDisk fills the disk. Sending is refused, reading and withdrawing go on,
// and everything does when there is room again. When it is filled behind a long
// view, nothing has been moved to the database by then, so that room for as much
// again must be left.
func fullDisk(t *testing.T, d disk, behind bool) {
	path := filepath.Join(d.folder, "bridge.db")
	o := sqlite.Options{Reserve: reserve, Checkpoint: 50}
	s := open(t, path, o)
	d.watch(s)
	update(t, s, "a", newPatient("a"))
	sent := 0
	send := func() error {
		sent++
		return s.Update(context.Background(), "a", func(tx bridge.Tx) error {
			a := bridge.Attachment{ID: bridge.AttachmentID(fmt.Sprint("f", sent)), Patient: "a"}
			return tx.Messages().PutAttachment(a, make([]byte, 50_000))
		})
	}
	withdrawn := 0
	withdraw := func() error {
		return s.Update(bridge.Essential(context.Background()), "a", func(tx bridge.Tx) error {
			epoch, err1 := tx.Patients().Bump("a")
			c := bridge.Consent{ID: bridge.ConsentID(fmt.Sprint("c", epoch)), Patient: "a", State: bridge.ConsentWithdrawn, EndedEpoch: epoch}
			_, err2 := tx.Entries().Append(ledger.Entry{Patient: "a", Kind: ledger.KindWithdrawn})
			return errors.Join(err1, err2, tx.Consents().Put(c))
		})
	}
	fill := func() {
		var err error
		for sent < 1000 && err == nil {
			err = send()
		}
		if bridge.CodeOf(err) != bridge.CodeStorageFull {
			t.Fatalf("after %d sends: got %v, want storage_full", sent, err)
		}
	}
	if behind {
		end := reading(t, s)
		fill()
		end()
	}
	fill()
	for _, room := range []string{"little", "none"} {
		if room == "none" {
			d.fill()
		}
		for range 20 {
			if err := withdraw(); err != nil {
				t.Fatalf("withdrawing with %s room: %v", room, err)
			}
			withdrawn++
			if err := send(); bridge.CodeOf(err) != bridge.CodeStorageFull || errors.Is(err, bridge.ErrOutcomeUnknown) {
				t.Fatalf("sending with %s room: got %v", room, err)
			}
		}
		claim := func(tx bridge.Tx) error { return tx.Patients().Put(bridge.Patient{ID: "a", Active: true}) }
		if err := s.Update(bridge.Reading(context.Background()), "a", claim); err != nil || !holds(t, s, "a") {
			t.Errorf("can't read with %s room: %v", room, err)
		}
	}
	d.clear()
	if err := send(); err != nil {
		t.Errorf("sending when there is room again: %v", err)
	}
	if size(t, path+"-reserve") != reserve {
		t.Error("the reserve was not made again")
	}
	shut(t, s)
	s = open(t, path, o)
	defer shut(t, s)
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
	err := s.View(context.Background(), func(tx bridge.Tx) error {
		h, err := tx.Patients().Head("a")
		if int(h.Seq) != withdrawn || int(h.Epoch) != withdrawn+1 {
			t.Errorf("%d withdrawals at epoch %d, want %d", h.Seq, h.Epoch, withdrawn)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// While the reserve is away nothing but the essential is written; it comes back,
// and with it all the rest, as soon as there is room for it twice.
func TestTheReserveComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bridge.db")
	s := open(t, path, sqlite.Options{Reserve: reserve})
	defer shut(t, s)
	free := int64(10 * reserve)
	s.OnFree(func() (int64, error) { return free, nil })
	send := func(want bridge.Code) {
		t.Helper()
		if err := s.Update(context.Background(), "a", newPatient("a")); bridge.CodeOf(err) != want {
			t.Errorf("with %d free: got %v, want %q", free, err, want)
		}
	}
	held := func(want bool) {
		t.Helper()
		info, err := os.Stat(path + "-reserve")
		if (err == nil) != want || err == nil && info.Size() != reserve {
			t.Errorf("with %d free: reserve is %v, %v", free, info, err)
		}
	}
	send("")
	held(true)
	free = reserve - 1
	send(bridge.CodeStorageFull)
	held(true)
	full := true
	s.OnCommit(func(commit func() error) error {
		if _, err := os.Stat(path + "-reserve"); full && err == nil {
			return sqlite.Full()
		}
		return commit()
	})
	if err := s.Update(bridge.Essential(context.Background()), "a", newPatient("b")); err != nil {
		t.Errorf("essential: %v", err)
	}
	held(false)
	read := func() error {
		return s.Update(bridge.Reading(context.Background()), "a", newPatient("b"))
	}
	if free = reserve / 2; read() != nil {
		t.Error("reading is refused its half of the reserve")
	}
	if free--; bridge.CodeOf(read()) != bridge.CodeStorageFull {
		t.Error("reading may use more than half of the reserve")
	}
	free = 2*reserve - 1
	send(bridge.CodeStorageFull)
	held(false)
	full = false
	free = 2 * reserve
	send("")
	held(true)
}

// A small disk gives away less, so that it need not be half empty before anything
// is sent again.
func TestTheReserveFitsTheDisk(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name              string
		total             int64
		given             sqlite.Options
		reserve, moveThat int64
	}{
		{"large", 100 << 30, sqlite.Options{}, 64 * mib, 16_000},
		{"small", 1 << 30, sqlite.Options{}, 16 * mib, 4096},
		{"very small", 64 * mib, sqlite.Options{}, 4 * mib, 1024},
		{"as asked", 64 * mib, sqlite.Options{Reserve: 32 * mib, Checkpoint: 9000}, 32 * mib, 9000},
		{"none", 64 * mib, sqlite.Options{Reserve: -1}, -1, 16_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := c.given.Filled(c.total)
			if o.Reserve != c.reserve || int64(o.Checkpoint) != c.moveThat {
				t.Errorf("a reserve of %d, and %d pages", o.Reserve, o.Checkpoint)
			}
		})
	}
}
