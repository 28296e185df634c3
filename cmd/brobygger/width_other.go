// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build !linux

package main

import "os"

// terminalWidth is not known here: lines stay as long as they are.
func terminalWidth(*os.File) int { return 0 }
