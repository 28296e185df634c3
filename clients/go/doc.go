// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package brobygger is the client of a Brobygger bridge for programs in Go.
//
// A [Client] holds one connection for one party and keeps it: it reconnects with
// jitter, resumes where it was, renews its token, and never hands the same event
// to the program twice, nor leaves one out. Events come to the functions of
// [Handlers], one at a time, in the order of the party's log.
//
// # Freshness
//
// Content may be shown only while the bridge's decision is younger than three
// seconds by the client's own clock: that is what makes a patient's withdrawal
// hold everywhere once it has been answered. The client keeps this rule on its
// own. A handler that takes long makes the messages behind it stale; they are
// then fetched, and decided on, again. So a handler shows or stores, and returns.
//
// # Sending
//
// [Client.Send] takes a message at once, also offline, and returns a [Sending]
// that tells the outcome later. A message keeps its id over every retry, so the
// bridge accepts it once. What a patient's consent does not cover ends in a
// [ConsentError], which says why and can ask the patient.
package brobygger
