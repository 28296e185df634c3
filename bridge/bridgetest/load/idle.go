// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

// Idle opens n connections, each with what open says, and returns how to end them.
func Idle(n int, open func(i int) (*Client, error)) (end func(), err error) {
	all := make([]*Client, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	places := make(chan struct{}, 16)
	for i := range n {
		places <- struct{}{}
		wg.Go(func() {
			all[i], errs[i] = open(i)
			<-places
		})
	}
	wg.Wait()
	end = func() {
		for _, c := range all {
			if c != nil {
				c.Close()
			}
		}
	}
	return end, errors.Join(errs...)
}

// DialPlain connects to Plain and has one answer.
func DialPlain(ctx context.Context, address string) (*Client, error) {
	c, err := dial(ctx, address, true)
	if err != nil {
		return nil, err
	}
	return c, c.call(ctx, "connect", struct{}{}, &struct{}{})
}

// Resident is how many bytes of memory a process holds.
func Resident(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("reading resident memory: %w", err)
	}
	for row := range bytes.Lines(status) {
		if fields := bytes.Fields(row); len(fields) > 1 && string(fields[0]) == "VmRSS:" {
			kib, err := strconv.ParseInt(string(fields[1]), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("reading resident memory: no VmRSS")
}

// CPU is how long a process has used a processor.
func CPU(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading processor time: %w", err)
	}
	// Behind the name, which may hold anything, come numbers (proc_pid_stat(5)).
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	var ticks int64
	for _, f := range fields[11:13] { // utime and stime
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading processor time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil // USER_HZ is 100
}
