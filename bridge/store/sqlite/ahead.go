// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/brobygger/brobygger/bridge"
)

// ahead makes the write-ahead log as long as it will become, while nobody waits.
// A sync of what is overwritten takes half as long as one of what is appended,
// because the file's length need not be made durable too. SQLite starts over in
// the log where it is, and takes zeros behind its end for no frames.
type ahead struct {
	path string
	want int64 // bytes
	file *os.File
}

// How long a log becomes: its frames, and a quarter for those that come while it
// is moved. A frame has a header of 24 bytes before its page
// (https://www.sqlite.org/fileformat2.html#the_write_ahead_log).
const (
	pageSize  = 4096
	frameSize = pageSize + 24
	aheadStep = 256 << 10
)

func newAhead(path string, pages int) *ahead {
	return &ahead{path: path + "-wal", want: int64(pages) * frameSize / 4 * 5}
}

// step writes some zeros, and reports whether there is more to do. It belongs to
// the writer's goroutine: nothing else writes to the log meanwhile.
func (a *ahead) step(s *space) bool {
	if a.want == 0 || s.refuses(bridge.NeedOrdinary) {
		return false
	}
	if free, err := freeBytes(filepath.Dir(a.path)); err != nil || free < s.size+2*a.want {
		return false // the log may never need as much
	}
	size, err := a.grow()
	if size == 0 && err == nil {
		return false // before the first commit
	}
	if err != nil || size >= a.want {
		a.want = 0 // what can't be had now is done without
		a.close()
	}
	return a.want > 0
}

// grow makes the log a step longer, and returns how long it is.
func (a *ahead) grow() (size int64, err error) {
	if a.file == nil {
		a.file, err = os.OpenFile(a.path, os.O_WRONLY, 0)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return 0, nil
		case err != nil:
			return 0, err
		}
	}
	info, err := a.file.Stat()
	if err != nil {
		return 0, err
	}
	size = info.Size()
	if size == 0 || size >= a.want {
		return size, nil
	}
	n, err := a.file.WriteAt(make([]byte, min(aheadStep, a.want-size)), size)
	return size + int64(n), errors.Join(err, a.file.Sync())
}

func (a *ahead) close() {
	if a.file != nil {
		_ = a.file.Close() // it was synced
		a.file = nil
	}
}
