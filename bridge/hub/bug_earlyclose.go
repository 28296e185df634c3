// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build bug_earlyclose

package hub

import "github.com/brobygger/brobygger/bridge"

// Seeded bug: a claim is closed when its content was written (against I10).
type wrote struct{ claims []claim }

func (w *wrote) took(o outgoing) { w.claims = append(w.claims, o.claims...) }

func (w *wrote) done(s *session) {
	var ids []bridge.DisclosureID
	s.mu.Lock()
	for _, c := range w.claims {
		ids = append(ids, c.id)
	}
	w.claims = nil
	s.mu.Unlock()
	s.closeSoon(bridge.DisclosureShown, ids)
}
