// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"syscall"

	"github.com/brobygger/brobygger/bridge"
)

// space watches the room that is left. It holds a file of size bytes, which is
// removed when an essential write finds no room, and made again once the disk
// has room for it twice.
type space struct {
	path string
	size int64 // 0: nothing is held and nothing is refused
	held bool
	low  bool  // nothing ordinary may be written
	left int64 // room at the last look, less what was written since
	owed int64 // by how much the database has yet to grow when the log is moved
	free func() (int64, error)
}

// refuses reports whether there is no room for what is needed no more than this.
// Once the reserve is given away, reading may have half of it.
func (s *space) refuses(n bridge.Need) bool {
	switch n {
	case bridge.NeedEssential:
		return false
	case bridge.NeedReading:
		return s.low && !s.held && s.left < s.size/2
	default:
		return s.low
	}
}

func newSpace(path string, size int64) *space {
	s := &space{path: path, size: max(size, 0)}
	s.free = func() (int64, error) { return freeBytes(filepath.Dir(path)) }
	if s.size == 0 {
		_ = os.Remove(path) // left by an Open with a reserve
		return s
	}
	info, err := os.Stat(path)
	s.held = err == nil && info.Size() == s.size
	return s
}

// look finds out how much room there is. Where it can't, it lets the disk say no.
func (s *space) look() {
	if s.size == 0 {
		return
	}
	free, err := s.free()
	if err != nil {
		s.low, s.left = false, math.MaxInt64/2
		return
	}
	if !s.held && free >= 2*s.size {
		s.held = s.hold() == nil
		free -= s.size
	}
	s.left = free
	s.low = !s.held || s.left < s.size+s.owed
}

// fits reports whether the log may be moved: whether it can be to its end. A part
// of it would take the room away that the log needs to go on, and free nothing.
func (s *space) fits() bool { return s.size == 0 || s.owed == 0 || s.left >= s.owed }

// spend notes that n bytes were written for need, which will lie in the log and in
// the database. It refuses the ordinary that would take more than an eighth of the
// reserve.
func (s *space) spend(need bridge.Need, n int64) bool {
	if s.size == 0 {
		return true
	}
	if need == bridge.NeedOrdinary && s.left-2*n < s.size-s.size/8+s.owed {
		return false
	}
	s.left -= 2 * n
	s.low = s.low || s.left < s.size+s.owed
	return true
}

// hold makes the file, with blocks of its own.
func (s *space) hold() error {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(allocate(f, s.size), f.Close()); err != nil {
		return errors.Join(err, os.Remove(s.path))
	}
	return nil
}

// release gives the room away, and reports whether there was any.
func (s *space) release() bool {
	if !s.held {
		return false
	}
	s.held, s.low, s.left = false, true, s.size
	return os.Remove(s.path) == nil
}

// freeBytes is what an ordinary user may still write in the folder's file system.
func freeBytes(folder string) (int64, error) {
	free, _, err := roomOf(folder)
	return free, err
}

// roomOf is that, and how much the file system holds in all.
func roomOf(folder string) (free, total int64, err error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(folder, &st); err != nil {
		return 0, 0, err
	}
	size := int64(st.Bsize) //nolint:unconvert // their types differ between machines
	return int64(st.Bavail) * size, int64(st.Blocks) * size, nil
}

// diskOf is how much the file system holds in which path lies or will lie; a lot
// where that can't be found out.
func diskOf(path string) int64 {
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		if _, total, err := roomOf(folder); err == nil {
			return total
		}
		if folder == filepath.Dir(folder) {
			return math.MaxInt64
		}
	}
}

// zeros fills f with size bytes.
func zeros(f *os.File, size int64) error {
	chunk := make([]byte, 1<<20)
	for size > 0 {
		n, err := f.Write(chunk[:min(size, int64(len(chunk)))])
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return f.Sync()
}
