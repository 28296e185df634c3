// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Command brobygger is the bridge: its server, its demo, and its client for the
// terminal, in one binary.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "brobygger: nothing to do yet")
	os.Exit(2)
}
