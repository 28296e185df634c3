// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Package policy decides who may send, read and see what about a patient, and
// says why in words. The rules are Rego, in the folders party, consent,
// disclosure and emergency; the law they apply is data, in data/dk.yaml, so that
// another country can bring its own. docs/law.md says where each line comes from.
//
// Go resolves names: which memberships, consents and objections mean the two
// parties of a question. Rego decides. Its input is the whole of what an answer
// depends on, so that any decision can be replayed; it has no clock, no network
// and no randomness, because the compiler is given only the pure built-ins.
//
// What is undefined, conflicting, too slow or broken is an error, and the gate
// takes every error as a no.
package policy
