// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package bridge is what the system does, without how: the nouns, the verbs, the
// gate, and the contracts that other packages keep. It imports the standard
// library and the ledger's format, nothing else.
//
// # The life of a message
//
// Send asks the gate; the gate decides on a snapshot of one patient, then, in
// one transaction on that patient's row, sees that the epoch is still that of
// the snapshot, and writes message, deliveries, events and entry together. After
// the durable commit the sender is answered and the recipients' sessions are
// poked. A session then calls Deliver, which claims: one more transaction,
// which decides again, writes disclosure and entry, and only then hands the
// content to the session. The client's word closes the disclosure.
//
// # Lock order
//
// A patient's row, then parties' logs in order of Ref, then anything else. No
// lock of this package is held while the store is called.
package bridge
