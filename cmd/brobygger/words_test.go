// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/wire"
)

func wordsIn(t *testing.T, language string) wordTable {
	t.Helper()
	w, err := readWords(language)
	if err != nil {
		t.Fatal(err)
	}
	if w.Language != language {
		t.Fatalf("the words of %s are in %q", language, w.Language)
	}
	return w
}

var blank = regexp.MustCompile(`\{[a-z]+\}`)

// placesOf are the {names} of a sentence.
func placesOf(text string) []string {
	return slices.Sorted(slices.Values(blank.FindAllString(text, -1)))
}

// Every sentence is there in Danish and English, and what a patient sees in Arabic
// and Farsi too; all of them have the same to fill in.
func TestEverySentenceIsThereInEveryLanguage(t *testing.T) {
	english := wordsIn(t, "en")
	if len(english.Everybody) < 150 || len(english.Staff) < 30 {
		t.Fatalf("%d and %d sentences", len(english.Everybody), len(english.Staff))
	}
	same := func(language string, want, got map[string]string) {
		t.Helper()
		if d := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); d != "" {
			t.Errorf("%s (-English +there):\n%s", language, d)
		}
		for key, text := range got {
			if text == "" {
				t.Errorf("%s: nothing is said for %q", language, key)
			}
			if d := cmp.Diff(placesOf(want[key]), placesOf(text)); d != "" {
				t.Errorf("%s: %q has something else to fill in (-English +there):\n%s", language, key, d)
			}
		}
	}
	for _, language := range languages {
		w := wordsIn(t, language)
		same(language, english.Everybody, w.Everybody)
		if language == "da" {
			same(language, english.Staff, w.Staff)
		}
		if n := len(strings.Split(w.Everybody["months"], ",")); n != 12 {
			t.Errorf("%s: a year of %d months", language, n)
		}
	}
}

// Every code that is worded has its word.
func TestEveryCodeHasAWord(t *testing.T) {
	all := map[string][]string{
		"function": as(functions), "topic": as(bridge.Topics), "purpose": as(bridge.Purposes),
		"delivery": as([]bridge.DeliveryState{bridge.DeliveryPending, bridge.DeliveryDelivered, bridge.DeliveryWithheld, bridge.DeliveryExpired}),
		"receipt":  as([]bridge.ReceiptKind{bridge.ReceiptDelivered, bridge.ReceiptRead, bridge.ReceiptAcked, bridge.ReceiptWithheld, bridge.ReceiptPending}),
		"talk":     as([]wire.PushType{wire.PushConvAdded, wire.PushConvUpdated, wire.PushConvLocked, wire.PushConvUnlocked}),
		"what":     {"consent", "objection", "request", "emergency"},
		"reach":    as([]bridge.PresenceState{bridge.PresenceOnline, bridge.PresenceAway, bridge.PresenceDND, bridge.PresenceOffline, bridge.PresenceUnknown}),
		"form":     as([]bridge.ConsentForm{bridge.FormSignedIn, bridge.FormPaper, bridge.FormOral, bridge.FormWaived}),
		"in":       languages,
		"outcome":  as([]bridge.ReviewOutcome{bridge.OutcomeJustified, bridge.OutcomeNotJustified, bridge.OutcomeReferred}),
		"kind":     as([]ledger.Kind{ledger.KindDisclosed, ledger.KindSeen}),
		"who":      as([]bridge.WhoState{bridge.WhoAvailable, bridge.WhoBusy, bridge.WhoClosed, bridge.WhoNone}),
		"callback": {"waiting", "asked", "taken", "retry", "reminded", "broken", "closed", "forbidden", "talked", "not-reached", "written", "cancelled"},
		"stop":     {"answered_elsewhere", "missed", "cancelled", "declined", "handed_off", "forbidden"},
		"state": slices.Concat(
			as([]bridge.ConsentState{bridge.ConsentActive, bridge.ConsentWithdrawn, bridge.ConsentExpired, bridge.ConsentSuperseded}),
			as([]bridge.RequestState{bridge.RequestPending, bridge.RequestGranted, bridge.RequestDeclined, bridge.RequestExpired}),
			as([]ledger.Kind{ledger.KindObjected, ledger.KindLifted}),
			[]string{"emergency-asked", "emergency-confirmed", "emergency-waiting", "emergency-justified", "emergency-not-justified", "emergency-referred"},
		),
	}
	words, said := wordsIn(t, "en"), saidInSource(t)
	for list, codes := range all {
		for _, c := range codes {
			if words.Everybody[list+" "+c] == "" {
				t.Errorf("%s %q has no word", list, c)
			}
		}
		for key := range words.Everybody {
			if c, ok := strings.CutPrefix(key, list+" "); ok && !slices.Contains(codes, c) && !said[key] {
				t.Errorf("%q is a word for nothing", key)
			}
		}
	}
	for key := range words.Everybody {
		list, _, isCode := strings.Cut(key, " ")
		if (!isCode || all[list] == nil) && !said[key] {
			t.Errorf("nobody says %q", key)
		}
	}
	for key := range words.Staff {
		if !said[key] && !strings.HasPrefix(key, "story ") {
			t.Errorf("nobody says %q", key)
		}
	}
	for key := range said {
		if words.Everybody[key] == "" && words.Staff[key] == "" {
			t.Errorf("there is nothing to say for %q", key)
		}
	}
	for n := range scenes {
		if words.Staff[fmt.Sprintf("story %d", n+1)] == "" {
			t.Errorf("step %d has no title", n+1)
		}
	}
}

func as[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, x := range in {
		out[i] = string(x)
	}
	return out
}

// saidInSource are the keys that the program names.
func saidInSource(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, l := range labels {
		said[l] = true
	}
	call := regexp.MustCompile(`\b(?:p|out|s|s\.out)\.(?:say|tell)\("([^"]+)"|\.field\([^,]+, "([^"]+)"|\bmessage\([^,]+, "([^"]+)"|\bkey :?= "([^"]+)"`)
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") || strings.HasPrefix(f, "bench") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			said[strings.Join(m[1:], "")] = true
		}
	}
	if len(said) < 80 {
		t.Fatalf("%d sentences are said", len(said))
	}
	return said
}

func TestLanguageOfTheReader(t *testing.T) {
	for _, c := range []struct {
		name, asked string
		env         map[string]string
		want        string
		refused     bool
	}{
		{"asked for", "fa", map[string]string{"LANG": "da_DK.UTF-8"}, "fa", false},
		{"with a country", "da-DK", nil, "da", false},
		{"asked for, and not spoken", "kl", nil, "", true},
		{"the locale", "", map[string]string{"LANG": "da_DK.UTF-8"}, "da", false},
		{"messages in another one", "", map[string]string{"LANG": "da_DK.UTF-8", "LC_MESSAGES": "ar_EG.UTF-8"}, "ar", false},
		{"all in another one", "", map[string]string{"LANG": "da_DK.UTF-8", "LC_MESSAGES": "ar_EG", "LC_ALL": "C"}, "en", false},
		{"a locale that is not spoken", "", map[string]string{"LANG": "kl_GL.UTF-8"}, "en", false},
		{"a language that begins alike", "", map[string]string{"LANG": "dav_KE.UTF-8"}, "en", false},
		{"none", "", nil, "en", false},
	} {
		got, err := languageOf(c.asked, func(name string) string { return c.env[name] })
		if got != c.want || (err != nil) != c.refused {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

// What is not known stands as it is, and what somebody wrote fills nothing in.
func TestWordsForPeople(t *testing.T) {
	var buf bytes.Buffer
	p := newPrinter(&buf, &buf, false, "ar")
	p.people = &people{known: map[bridge.Ref]*bridge.Named{
		"PractitionerRole/holm": {Name: "Anne {who} Holm", Title: "GP", Organization: "Clinic"}, "Organization/team": {Name: "Team 2"}, "PractitionerRole/gone": nil,
	}}
	for _, c := range []struct{ got, want string }{
		{p.name("PractitionerRole/holm"), "\u2068Anne {who} Holm, GP, Clinic\u2069"},
		{p.name("PractitionerRole/gone"), "\u2068gone\u2069"},
		{p.name("PractitionerRole/never"), "\u2068never\u2069"},
		{p.parties([]bridge.Party{{Ref: "Organization/team"}, {Function: bridge.FunctionOwnGP}}), "\u2068Team 2\u2069؛ الطبيب العام"},
		{p.say("lost"), wordsIn(t, "ar").Everybody["lost"]},
		{p.say("open", "clock", "1", "patient", "2"), "Open until 1. 2 has been told."}, // only staff reads it
		{code(p, "state", "invented"), "invented"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	p.language = "da"
	if got := p.say("message", "who", p.name("PractitionerRole/holm"), "patient", "jens"); got != "Anne {who} Holm, GP, Clinic om jens" {
		t.Errorf("got %q", got)
	}
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.Local)
	p.now = func() time.Time { return now }
	for ago, want := range map[time.Duration]string{
		0: "lige nu", 5 * time.Minute: "for 5 min. siden", 3 * time.Hour: "i dag kl. 09:00", 24 * time.Hour: "i går kl. 12:00",
		-24 * time.Hour: "i morgen kl. 12:00", 72 * time.Hour: "27. feb. 2026",
	} {
		if got := p.when(now.Add(-ago)); got != want {
			t.Errorf("%s ago: %q, want %q", ago, got, want)
		}
	}
	p.field("  ", "id", "7")
	if got := buf.String(); got != "  id      7\n" {
		t.Errorf("printed %q", got)
	}
}
