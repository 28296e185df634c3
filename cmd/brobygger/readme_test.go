// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The story that the README tells is typed as it stands there. A paragraph that
// says "refused" is refused; everything else works.
func TestTheStoryOfTheReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```sh\nexport PATH.*?\n\n(.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("the README tells no story")
	}
	v := newVictim(t)
	v.start()
	var said []string
	for paragraph := range strings.SplitSeq(string(block[1]), "\n\n") {
		c := exec.Command("sh", "-ec", paragraph)
		c.Env = append(os.Environ(), "BROBYGGER_SERVER="+v.url, "LANG=en_GB.UTF-8")
		out, err := c.CombinedOutput()
		said = append(said, string(out))
		if refused := strings.Contains(paragraph, "efused"); (c.ProcessState.ExitCode() == exitDenied) != refused || !refused && err != nil {
			t.Errorf("%v, refused should be %v:\n%s\n%s", err, refused, paragraph, out)
		}
	}
	if len(said) != 5 {
		t.Fatalf("the story has %d paragraphs, want 5", len(said))
	}
	for n, want := range []string{"Who follows the blood tests up", "Ask the patient", "the message waits", "Which tablets does he take", "withheld"} {
		if !strings.Contains(said[n], want) {
			t.Errorf("paragraph %d does not say %q:\n%s", n+1, want, said[n])
		}
	}
	if strings.Contains(said[4], "Which tablets does he take") {
		t.Errorf("the question can still be read after the withdrawal:\n%s", said[4])
	}
	v.stop()
}
