// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build !bug_earlyclose

package hub

type wrote struct{}

func (wrote) took(outgoing) {}
func (wrote) done(*session) {}
