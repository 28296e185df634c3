// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package api is HTTP over the verbs of package bridge: strict JSON in, JSON or
// an RFC 9457 problem out, and an OpenAPI 3.1 document made from the same types.
//
// Every route is one line of a table: a verb, its path, its words. Each call
// passes the same three doors: the token is checked, the caller is made by the
// bridge, the caller's share of calls is counted. What a code of an error means
// in HTTP stands in bridge.Outcomes and nowhere else.
//
// # Reading content
//
// Reading a history or a file is a disclosure. A client that keeps the freshness
// rule says so by the header Brobygger-Fresh: 1: it will show what it gets only
// while at most three seconds have passed, by its own clock, since it sent the
// request, and it will report what it did by POST /api/v1/disclosures/close.
// Without the header no content is given.
package api
