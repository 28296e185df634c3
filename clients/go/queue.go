// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger

import (
	"context"
	"slices"
	"sync"

	"github.com/brobygger/brobygger/bridge"
)

// Queue keeps messages that have no outcome yet, in the order in which they were
// put. It is used by one client at a time.
type Queue interface {
	// Load returns what was put and not removed, oldest first.
	Load(ctx context.Context) ([]bridge.Draft, error)
	// Put keeps a draft; one with the same mid is replaced.
	Put(ctx context.Context, d bridge.Draft) error
	// Remove forgets the draft with this mid. One that is not there is no error.
	Remove(ctx context.Context, mid string) error
}

// MemoryQueue is a Queue that is gone with the process. Its zero value is empty.
type MemoryQueue struct {
	mu     sync.Mutex // guards the following field
	drafts []bridge.Draft
}

// Load implements Queue.
func (q *MemoryQueue) Load(context.Context) ([]bridge.Draft, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.drafts), nil
}

// Put implements Queue.
func (q *MemoryQueue) Put(_ context.Context, d bridge.Draft) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := q.find(d.MID); i >= 0 {
		q.drafts[i] = d
		return nil
	}
	q.drafts = append(q.drafts, d)
	return nil
}

// Remove implements Queue.
func (q *MemoryQueue) Remove(_ context.Context, mid string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := q.find(mid); i >= 0 {
		q.drafts = slices.Delete(q.drafts, i, i+1)
	}
	return nil
}

func (q *MemoryQueue) find(mid string) int {
	return slices.IndexFunc(q.drafts, func(d bridge.Draft) bool { return d.MID == mid })
}
