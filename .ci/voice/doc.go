// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package voice tries the voice of direct lines with two real ends: WebRTC by
// pion, signalled through a real hub and gate, once straight and once by coturn.
// It is a module of its own, since nothing of Brobygger itself needs pion.
package voice
