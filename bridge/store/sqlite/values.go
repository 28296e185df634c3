// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import "database/sql/driver"

// text, number and blob read a column of a strict table.
func text(v driver.Value) string   { s, _ := v.(string); return s }
func number(v driver.Value) int64  { n, _ := v.(int64); return n }
func blob(v driver.Value) []byte   { b, _ := v.([]byte); return b }
func hash(v driver.Value) [32]byte { var h [32]byte; copy(h[:], blob(v)); return h }
