// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

//go:build pauses

package hub

import (
	"os"
	"time"
)

// pause stands still between the claim of content and its frame, as a thread may
// that the machine does not run: while a harness has put a file where BROBYGGER_PAUSE
// says, and for as long as stands in it.
func pause() {
	text, err := os.ReadFile(os.Getenv("BROBYGGER_PAUSE"))
	if err != nil {
		return
	}
	d, _ := time.ParseDuration(string(text))
	time.Sleep(d)
}
