// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

// LimitValues lowers how many JSON values an input may hold.
func (b *Reader) LimitValues(n int) { b.maxValues = n }
