// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build bug_latebeat

package hub

import "time"

// Seeded bug: the beat that goes with content is the newest at its writing, not
// the newest before its claim (against I4).
func (s *session) late(uint64, time.Time) (uint64, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.beat, s.beatAt
}
