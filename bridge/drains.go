// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge

import (
	"slices"
	"sync"
)

// drains tells those who wait for a patient's open claims that some were closed.
type drains struct {
	mu      sync.Mutex // guards the following fields
	waiting map[PatientID][]chan struct{}
}

// wait returns a channel that is closed at the next signal for the patient, and
// what ends the waiting.
func (d *drains) wait(p PatientID) (signal <-chan struct{}, stop func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = map[PatientID][]chan struct{}{}
	}
	c := make(chan struct{})
	d.waiting[p] = append(d.waiting[p], c)
	return c, func() { d.forget(p, c) }
}

func (d *drains) forget(p PatientID, c chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	rest := slices.DeleteFunc(d.waiting[p], func(x chan struct{}) bool { return x == c })
	if len(rest) == 0 {
		delete(d.waiting, p)
		return
	}
	d.waiting[p] = rest
}

func (d *drains) signal(p PatientID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.waiting[p] {
		close(c)
	}
	delete(d.waiting, p)
}
