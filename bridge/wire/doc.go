// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package wire is the protocol brobygger.v1: the frames that a client and the
// bridge exchange over a WebSocket, what each holds, and how long it may be.
// docs/protocol.md is the same in prose; clients/kit/wire.ts is generated from
// this package.
//
// A frame is one JSON object in a text message, without a newline in it; several
// frames may share a message, with newlines between them. The bridge refuses
// what it does not know. A client ignores what it does not know.
package wire
