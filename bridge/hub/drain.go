// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package hub

import (
	"context"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// Drain lets the sessions go to another node: no new ones are taken, all are
// told to reconnect at a random moment within grace, and those that have not
// gone then, or when ctx ends, are ended. It returns when all have gone; Close
// comes after it.
func (h *Hub) Drain(ctx context.Context, grace time.Duration) {
	h.shut()
	h.each(func(s *session) {
		s.tell(wire.PushGoingAway, wire.GoingAway{InMS: 0, JitterMS: grace.Milliseconds()}, lasting)
	})
	gone := make(chan struct{})
	go func() {
		h.open.Wait()
		close(gone)
	}()
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-gone:
		return
	case <-ctx.Done():
	case <-patience.C:
	}
	h.each(func(s *session) { s.cut(bridge.CloseDrain) })
	<-gone
}
