// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/wire"
)

// The reference sections of docs/protocol.md are written by this test, between
// two comments each; the prose around them is written by hand.

const protocolFile = "../../docs/protocol.md"

// errorDocs says what each code means to a client.
var errorDocs = map[bridge.Code]string{
	bridge.CodeBadRequest:        "The command can't be right. Change it.",
	bridge.CodeTooLarge:          "A message, a text or a file is over its limit.",
	bridge.CodeVersion:           "This version of the protocol is not spoken here.",
	bridge.CodeUnauthenticated:   "The token or ticket is no good, or connect has not come yet. Sign in.",
	bridge.CodeTokenExpired:      "The token has run out. Get another.",
	bridge.CodeKeyUnknown:        "The token is newer than what is known of its issuer's keys, which are asked for. Try again.",
	bridge.CodeAccountDisabled:   "The account is closed.",
	bridge.CodeForbidden:         "You may not. Also the answer for a patient who does not exist.",
	bridge.CodeConsentRequired:   "The patient's consent is needed; `reasons` and `remedies` say what can be done.",
	bridge.CodeConsentWithdrawn:  "The consent that this relied on was taken back.",
	bridge.CodePurpose:           "The purpose does not carry this.",
	bridge.CodePolicyUnavailable: "No decision could be made, so it is no.",
	bridge.CodeNotFound:          "There is no such thing that you may know of.",
	bridge.CodeConflict:          "It contradicts what is there: another message under the same `mid`, say.",
	bridge.CodeRateLimited:       "Too many commands. Wait `retry_ms`.",
	bridge.CodeResync:            "Your place in the log means nothing any more. Start afresh.",
	bridge.CodeErased:            "It was erased for good: its keys were destroyed.",
	bridge.CodeRingTaken:         "Somebody else answered first, or it has stopped ringing for you; `line.stop` says who.",
	bridge.CodeRingExpired:       "It does not ring any more.",
	bridge.CodeLineUnavailable:   "Nobody of the line can be rung now, or it has no queue.",
	bridge.CodeStorageFull:       "The bridge has no room; withdrawals still work.",
	bridge.CodeBusy:              "Too much at once. Try again.",
	bridge.CodeInternal:          "Something broke on the bridge. The outcome is unknown; try again with the same `mid`.",
}

func TestEveryErrorIsExplained(t *testing.T) {
	for _, c := range codes() {
		if errorDocs[c] == "" {
			t.Errorf("%s is not explained", c)
		}
	}
	for c := range errorDocs {
		if _, ok := bridge.Outcomes[c]; !ok {
			t.Errorf("%s is explained and does not exist", c)
		}
	}
}

// line is a golden frame as it goes over the wire.
func line(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func example(t *testing.T, names ...string) string {
	var b strings.Builder
	b.WriteString("```json\n")
	for _, n := range names {
		b.WriteString(line(t, n) + "\n")
	}
	b.WriteString("```\n")
	return b.String()
}

// sections are the generated parts of the page.
func sections(t *testing.T) map[string]string {
	var commands, pushes, refusals, closes strings.Builder
	for _, s := range wire.Commands {
		fmt.Fprintf(&commands, "\n### `%s`\n\n%s\n\n", s.Type, s.Doc)
		if s.Answered() {
			commands.WriteString(example(t, "command."+string(s.Type), "reply."+string(s.Type)))
		} else {
			commands.WriteString(example(t, "command."+string(s.Type)))
		}
	}
	for _, s := range wire.Pushes {
		fmt.Fprintf(&pushes, "\n### Push `%s`\n\n%s\n\n%s", s.Type, s.Doc, example(t, "push."+string(s.Type)))
	}
	refusals.WriteString("| code | retry | means |\n|---|---|---|\n")
	for _, c := range codes() {
		retry := "no"
		if bridge.Outcomes[c].Retry {
			retry = "yes"
		}
		fmt.Fprintf(&refusals, "| `%s` | %s | %s |\n", c, retry, errorDocs[c])
	}
	closes.WriteString("| code | reason | then | why |\n|---|---|---|---|\n")
	for _, c := range wire.Closes {
		then := "stop"
		if wire.ComeBack(c.Code) {
			then = "come back"
		}
		fmt.Fprintf(&closes, "| %d | `%s` | %s | %s |\n", c.Code, c.Reason, then, c.Doc)
	}
	return map[string]string{
		"commands": commands.String(), "pushes": pushes.String(), "errors": refusals.String(),
		"closes": closes.String(), "limits": limits(),
	}
}

func limits() string {
	var b strings.Builder
	b.WriteString("| what | limit |\n|---|---|\n")
	for _, l := range []struct {
		what  string
		limit any
	}{
		{"message before connect is answered", size(wire.MaxBeforeAuth)},
		{"message after that", size(wire.MaxMessage)},
		{"frames in one message of a client", wire.MaxFrames},
		{"nesting of a frame", wire.MaxDepth},
		{"names in one object", wire.MaxKeys},
		{"access token", size(wire.MaxToken)},
		{"text of a message, over all parts", size(bridge.MaxBody)},
		{"parts of a message", bridge.MaxParts},
		{"members of a conversation", bridge.MaxMembers},
		{"disclosures in one ack", wire.MaxClaims},
		{"events of one sync", wire.MaxSync},
		{"messages of one history", wire.MaxHistory},
		{"entries of one entries", wire.MaxEntries},
		{"items of one conv.list or directory", wire.MaxList},
		{"members of one presence.sub", wire.MaxWatch},
		{"session description of one line.signal", size(wire.MaxSDP)},
		{"candidate of one line.signal", size(wire.MaxCandidate)},
		{"line.signal", fmt.Sprintf("%d a second, %d at once", wire.SignalRate, wire.SignalBurst)},
		{"message of the bridge, which a client must be able to take", size(wire.MaxQueueBytes)},
		{"what waits for a slow reader", fmt.Sprintf("%d frames or %s", wire.MaxQueue, size(wire.MaxQueueBytes))},
		{"connections of one person", wire.MaxSessions},
		{"commands", fmt.Sprintf("%d a second, %d at once", wire.MaxRate, wire.MaxBurst)},
		{"from the upgrade to a connect that is accepted", wire.AuthTimeout},
		{"silence, until the bridge pings", wire.PingEvery},
		{"from a ping to any frame", wire.PongTimeout},
		{"from a message's first byte to its last", wire.MessageTimeout},
		{"writing one message to a client", wire.WriteTimeout},
		{"freshness T", wire.Fresh},
		{"how long a typing push holds", wire.TypingLifetime},
		{"typing that passes, per conversation", fmt.Sprintf("one in %s", wire.TypingEvery)},
		{"how long events are kept", fmt.Sprintf("%d days", bridge.EventLifetime/(24*time.Hour))},
	} {
		fmt.Fprintf(&b, "| %s | %v |\n", l.what, l.limit)
	}
	return b.String()
}

func size(n int) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

func TestProtocolPageIsWhatTheTablesSay(t *testing.T) {
	page, err := os.ReadFile(protocolFile)
	if err != nil {
		t.Fatal(err)
	}
	got := string(page)
	for name, text := range sections(t) {
		section := regexp.MustCompile(`(?s)(<!-- generated: ` + name + ` -->\n).*?(<!-- end -->)`)
		if !section.MatchString(got) {
			t.Fatalf("protocol.md has no place for %s", name)
		}
		got = section.ReplaceAllString(got, "${1}"+strings.ReplaceAll(text, "$", "$$")+"${2}")
	}
	if *update {
		if err := os.WriteFile(protocolFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(page), got); diff != "" {
		t.Errorf("protocol.md has drifted (-want +got; rewrite with -update):\n%s", diff)
	}
}

// Whoever copies an example from the page sends what the bridge takes.
func TestEveryExampleOfTheProtocolPageDecodes(t *testing.T) {
	page, err := os.ReadFile(protocolFile)
	if err != nil {
		t.Fatal(err)
	}
	commands, others := 0, 0
	for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		for frame := range wire.Frames([]byte(block[1])) {
			if c, err := wire.DecodeCommand(frame); err == nil {
				commands++
				if c.Beat == 0 {
					t.Errorf("%s has no beat", frame)
				}
				continue
			}
			s, err := wire.DecodeServer(frame)
			if err != nil || s.ID == 0 && s.Type == "" && string(frame) != "{}" {
				t.Errorf("neither side sends %s: %v", frame, err)
			}
			others++
		}
	}
	if commands < len(wire.Commands) || others < len(wire.Pushes)+len(wire.Commands)/2 {
		t.Fatalf("%d commands and %d frames of the bridge are shown", commands, others)
	}
}

// A stranger finds every value that a field may have.
func TestProtocolNamesValues(t *testing.T) {
	page, err := os.ReadFile(protocolFile)
	if err != nil {
		t.Fatal(err)
	}
	_, values, found := strings.Cut(string(page), "\n## Values\n")
	values, _, ended := strings.Cut(values, "\n## Commands\n")
	if !found || !ended {
		t.Fatal("the page has no section Values before Commands")
	}
	var all []string
	for _, v := range bridge.Topics {
		all = append(all, string(v))
	}
	for _, v := range bridge.Purposes {
		all = append(all, string(v))
	}
	for _, v := range []bridge.CareFunction{
		bridge.FunctionOwnGP, bridge.FunctionTreatingPsychiatrist, bridge.FunctionTreatingPhysician, bridge.FunctionContactNurse,
		bridge.FunctionSupportWorker, bridge.FunctionCaseworker, bridge.FunctionCareManager, bridge.FunctionInterpreter,
	} {
		all = append(all, string(v))
	}
	for _, v := range all {
		if !strings.Contains(values, "`"+v+"`") {
			t.Errorf("Values does not name %q", v)
		}
	}
}
