// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package load

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Disk appends 4 KiB at a time to a file in folder and syncs it with fdatasync,
// for as long as d: what a commit can't be faster than. at many, so many appends
// share one sync, and the times are those of the whole group.
func Disk(folder string, d time.Duration, many int) (Times, error) {
	name := filepath.Join(folder, "disk")
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("measuring the disk: %w", err)
	}
	defer func() { _, _ = f.Close(), os.Remove(name) }()
	page := make([]byte, 4096)
	var took Times
	for start := time.Now(); time.Since(start) < d; {
		at := time.Now()
		for range many {
			if _, err := f.Write(page); err != nil {
				return nil, fmt.Errorf("measuring the disk: %w", err)
			}
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return nil, fmt.Errorf("measuring the disk: %w", err)
		}
		took = append(took, time.Since(at))
	}
	return sorted(took), nil
}
