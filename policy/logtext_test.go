// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/policy"
)

// kindsOfEntry reads the kinds out of the source, so that a new one can't be
// forgotten here.
func kindsOfEntry(t *testing.T) []ledger.Kind {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../bridge/ledger/entry.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []ledger.Kind
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Names) != 1 || !strings.HasPrefix(v.Names[0].Name, "Kind") {
			return true
		}
		word, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, ledger.Kind(word))
		return true
	})
	if len(kinds) < 19 {
		t.Fatalf("found %d kinds", len(kinds))
	}
	return kinds
}

// Every kind of entry is a sentence in every language that patients read: with
// the names, the topics and the ground, and no word of the program in it.
func TestEveryEntryIsASentenceInEveryLanguage(t *testing.T) {
	e := newEngine(t, policy.Options{})
	code := regexp.MustCompile(`[{}_]|\b[a-z]+-[a-z]+\b|dk\.`)
	seen := map[string]ledger.Kind{}
	for _, language := range []string{"da", "en", "ar", "fa"} {
		for _, kind := range kindsOfEntry(t) {
			entry := ledger.Entry{
				Patient: "jens", Seq: 1, Time: now, Kind: kind, Purpose: "treatment", Topics: []string{"housing"}, Redacted: []string{"employment"},
				By: "PractitionerRole/holm", ByRole: "laege", To: "PractitionerRole/lund", ToRole: "socialraadgiver", Basis: "dk.health-act.41-2-1",
			}
			if kind == ledger.KindDenied {
				entry.Basis, entry.Reasons = "", []string{"objection"}
			}
			s := e.Sentence(entry, "Mette Holm, Clinic 7", "Sara Lund, Town 8", language)
			if first, ok := seen[s]; ok {
				t.Errorf("%s: %s and %s read alike: %s", language, kind, first, s)
			}
			seen[s] = kind
			if plain := strings.NewReplacer("social- og", "").Replace(s); code.MatchString(plain) {
				t.Errorf("%s: %s has a word of the program: %s", language, kind, s)
			}
			if !strings.Contains(s, e.Topic(bridge.TopicHousing, language)) || !strings.Contains(s, "2026") && !strings.Contains(s, "2027") {
				t.Errorf("%s: %s lacks topic or time: %s", language, kind, s)
			}
			if !strings.Contains(s, "Mette Holm") && !strings.Contains(s, "Sara Lund") && kind != ledger.KindExpired && kind != ledger.KindRegistered {
				t.Errorf("%s: %s names nobody: %s", language, kind, s)
			}
		}
	}
}

func TestSentences(t *testing.T) {
	e := newEngine(t, policy.Options{})
	at := time.Date(2026, 3, 2, 8, 12, 0, 0, time.UTC)
	for _, c := range []struct {
		name, language, by, to string
		entry                  ledger.Entry
		want                   string
	}{
		{"a disclosure", "en", "Mette Holm, Clinic", "Sara Lund, Town", ledger.Entry{
			Kind: ledger.KindDisclosed, Action: "read", By: "PractitionerRole/holm", ByRole: "overlaege", To: "PractitionerRole/lund", ToRole: "paedagog",
			Topics: []string{"medication"}, Redacted: []string{"housing"}, Basis: "dk.health-act.43-1",
		}, "2 March 2026 at 09:12: Sara Lund, Town (social educator) was shown a message from Mette Holm, Clinic (doctor). Topic: medicine. Left out: where you live. Why: you have said yes."},
		{"the same in Danish", "da-DK", "Mette Holm, Klinik", "Sara Lund, By", ledger.Entry{
			Kind: ledger.KindDisclosed, By: "PractitionerRole/holm", ByRole: "overlaege", To: "PractitionerRole/lund", ToRole: "paedagog", Basis: "dk.health-act.43-1",
		}, "2. marts 2026 kl. 09:12: Sara Lund, By (pædagog) fik vist en besked fra Mette Holm, Klinik (læge). Hvorfor: du har sagt ja."},
		{"a denial, with what it rests on", "en", "A", "B", ledger.Entry{
			Kind: ledger.KindDenied, Action: "send", By: "PractitionerRole/a", To: "PractitionerRole/b", Reasons: []string{"consent_wrong_case", "consent_required", "objection"},
		}, "2 March 2026 at 09:12: A was not allowed to write to B. Why: you have not said yes to it; you have said no to it."},
		{"a denial without words of its own", "en", "A", "B", ledger.Entry{
			Kind: ledger.KindDenied, Action: "read", By: "PractitionerRole/a", To: "PractitionerRole/b", Reasons: []string{"assurance_low"},
		}, "2 March 2026 at 09:12: B was not shown what A wrote. Why: the rules did not allow it."},
		{"the patient's own", "en", "", "", ledger.Entry{Kind: ledger.KindWithdrawn, By: "Patient/jens"}, "2 March 2026 at 09:12: You took back a yes to sharing."},
		{"to the patient", "da", "A", "", ledger.Entry{Kind: ledger.KindAccepted, By: "PractitionerRole/a", To: "Patient/jens"}, "2. marts 2026 kl. 09:12: A skrev til dig."},
		{"an emergency", "en", "A", "", ledger.Entry{Kind: ledger.KindEmergency, Action: "confirmed", By: "PractitionerRole/a", ByRole: "laege", Basis: "dk.break-glass"}, "2 March 2026 at 09:12: A (doctor) used emergency access to your information. Why: it was an emergency."},
		{"to several", "en", "A", "", ledger.Entry{Kind: ledger.KindAccepted, By: "PractitionerRole/a"}, "2 March 2026 at 09:12: A wrote to several people."},
		{"without names", "en", "", "", ledger.Entry{Kind: ledger.KindOpened, By: "PractitionerRole/holm"}, "2 March 2026 at 09:12: holm opened a conversation about you."},
		{"a look by who acted", "en", "A", "", ledger.Entry{Kind: ledger.KindSeen, Action: "consents", By: "PractitionerRole/a"}, "2 March 2026 at 09:12: A looked up what you have said yes and no to."},
		{"a ring", "en", "A", "B", ledger.Entry{Kind: ledger.KindRung, Action: "ring", By: "PractitionerRole/a", To: "PractitionerRole/b", Ring: "r", Line: "l"}, "2 March 2026 at 09:12: A rang B about you."},
		{"a ring that was refused", "en", "A", "B", ledger.Entry{
			Kind: ledger.KindDenied, Action: "ring", By: "PractitionerRole/a", To: "PractitionerRole/b", Ring: "r", Reasons: []string{"line_other_role", "line_other_sector"},
		}, "2 March 2026 at 09:12: A was not allowed to ring B about you. Why: the line is for others."},
		{"what a ring is about", "en", "A", "B", ledger.Entry{Kind: ledger.KindDisclosed, Action: "read", By: "PractitionerRole/a", To: "PractitionerRole/b", Ring: "r"}, "2 March 2026 at 09:12: B was shown what A rang about."},
		{"what a ring is about, not shown", "en", "A", "B", ledger.Entry{
			Kind: ledger.KindDenied, Action: "read", By: "PractitionerRole/a", To: "PractitionerRole/b", Ring: "r", Reasons: []string{"objection"},
		}, "2 March 2026 at 09:12: B was not shown what A rang about. Why: you have said no to it."},
		{"nobody on a line", "en", "A", "Team 2, professionals", ledger.Entry{Kind: ledger.KindUnanswered, Action: "missed", By: "PractitionerRole/a", Line: "l"}, "2 March 2026 at 09:12: A rang Team 2, professionals about you, and nobody answered."},
		{"a line that is gone", "da", "A", "", ledger.Entry{Kind: ledger.KindUnanswered, Action: "cancelled", By: "PractitionerRole/a", Line: "l"}, "2. marts 2026 kl. 09:12: A ringede til en linje om dig og lagde på, før nogen svarede."},
		{"nobody without a line", "en", "A", "", ledger.Entry{Kind: ledger.KindUnanswered, Action: "stopped", By: "PractitionerRole/a", Reasons: []string{"consent_withdrawn"}}, "2 March 2026 at 09:12: A rang somebody about you, and the ring was stopped. It ended because: you have taken your yes back."},
		{"a talk", "da", "A", "B", ledger.Entry{Kind: ledger.KindTalked, By: "PractitionerRole/a", To: "PractitionerRole/b", Seconds: 7 * 60, Basis: "dk.health-act.41-2-1"}, "2. marts 2026 kl. 09:12: A og B talte sammen om dig i 7 minutter. Hvorfor: det var nødvendigt i din behandling."},
		{"a talk that was cut", "en", "A", "B", ledger.Entry{Kind: ledger.KindTalked, By: "PractitionerRole/a", To: "PractitionerRole/b", Seconds: 12, Reasons: []string{"consent_withdrawn"}}, "2 March 2026 at 09:12: A and B talked about you for less than a minute. It ended because: you have taken your yes back."},
		{"a callback that is asked for", "en", "A", "Team 2", ledger.Entry{Kind: ledger.KindCallback, Action: "asked", By: "PractitionerRole/a", Line: "l"}, "2 March 2026 at 09:12: A asked Team 2 to ring back about you."},
		{"a broken promise", "en", "", "A", ledger.Entry{Kind: ledger.KindCallback, Action: "broken", To: "PractitionerRole/a", Line: "l"}, "2 March 2026 at 09:12: A was not rung back about you in time."},
		{"a kind to come", "en", "A", "", ledger.Entry{Kind: "invented", By: "PractitionerRole/a"}, "2 March 2026 at 09:12: A: invented."},
		{"a language that nobody speaks here", "kl", "A", "", ledger.Entry{Kind: ledger.KindOpened, By: "PractitionerRole/a"}, "2. marts 2026 kl. 09:12: A åbnede en samtale om dig."},
		{"a name that would go on", "en", "A. Why: {why}\nB", "", ledger.Entry{Kind: ledger.KindOpened, By: "PractitionerRole/a"}, "2 March 2026 at 09:12: A. Why: {why} B opened a conversation about you."},
	} {
		c.entry.Patient, c.entry.Time = "jens", at
		if got := e.Sentence(c.entry, c.by, c.to, c.language); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// What an act came to is in its sentence, in every language.
func TestWhatAReviewCameToIsSaid(t *testing.T) {
	e := newEngine(t, policy.Options{})
	for _, language := range []string{"da", "en", "ar", "fa"} {
		seen := map[string]string{}
		for _, act := range []string{
			"reviewed ", "reviewed justified", "reviewed not-justified", "reviewed referred", "seen emergency", "seen team", "denied review", "denied send", "released ",
		} {
			kind, action, _ := strings.Cut(act, " ")
			s := e.Sentence(ledger.Entry{Patient: "jens", Time: now, Kind: ledger.Kind(kind), Action: action, By: "PractitionerRole/a", To: "PractitionerRole/b"}, "A", "B", language)
			if first, ok := seen[s]; ok || strings.Contains(s, kind) && kind != "seen" {
				t.Errorf("%s: %q reads as %q does: %s", language, act, first, s)
			}
			seen[s] = act
		}
	}
}

// Every ground, and every role of the law's, has plain words in each language.
func TestEveryGroundAndRoleIsPlain(t *testing.T) {
	e := newEngine(t, policy.Options{})
	bases, roles := policy.CodesOf(e)
	if len(bases) < 10 || len(roles) < 20 {
		t.Fatalf("%d bases, %d roles", len(bases), len(roles))
	}
	for _, language := range []string{"da", "en", "ar", "fa"} {
		bare := e.Sentence(ledger.Entry{Patient: "jens", Time: now, Kind: ledger.KindOpened, By: "PractitionerRole/a"}, "A", "", language)
		for _, b := range bases {
			if e.Sentence(ledger.Entry{Patient: "jens", Time: now, Kind: ledger.KindOpened, By: "PractitionerRole/a", Basis: b}, "A", "", language) == bare {
				t.Errorf("%s: %s has no plain words", language, b)
			}
		}
		for _, r := range roles {
			if e.Sentence(ledger.Entry{Patient: "jens", Time: now, Kind: ledger.KindOpened, By: "PractitionerRole/a", ByRole: string(r)}, "A", "", language) == bare {
				t.Errorf("%s: the role %s has no plain words", language, r)
			}
		}
	}
}

// How long a talk was is said as people say it, with the plurals of each language.
func TestALengthIsSaidInWords(t *testing.T) {
	e := newEngine(t, policy.Options{})
	for _, tt := range []struct {
		language string
		seconds  uint64
		want     string
	}{
		{"en", 0, "less than a minute"},
		{"en", 59, "less than a minute"},
		{"en", 60, "1 minute"},
		{"en", 90, "2 minutes"},
		{"en", 3599, "1 hour"},
		{"en", 3660, "1 hour and 1 minute"},
		{"en", 2*3600 + 5*60, "2 hours and 5 minutes"},
		{"da", 20, "under et minut"},
		{"da", 3600 + 12*60, "1 time og 12 minutter"},
		{"ar", 60, "دقيقة واحدة"},
		{"ar", 120, "دقيقتين"},
		{"ar", 300, "5 دقائق"},
		{"ar", 11 * 60, "11 دقيقة"},
		{"ar", 2*3600 + 180, "ساعتين و3 دقائق"},
		{"fa", 10, "کمتر از یک دقیقه"},
		{"fa", 3600 + 120, "1 ساعت و 2 دقیقه"},
	} {
		s := e.Sentence(ledger.Entry{Patient: "jens", Time: now, Kind: ledger.KindTalked, By: "PractitionerRole/a", To: "PractitionerRole/b", Seconds: tt.seconds}, "A", "B", tt.language)
		if !strings.Contains(s, " "+tt.want) {
			t.Errorf("%s, %d s: want %q in %s", tt.language, tt.seconds, tt.want, s)
		}
	}
}

// What happens to a ring and to a callback reads otherwise in every language, and
// names who it is about.
func TestEveryTurnOfARingHasItsSentence(t *testing.T) {
	e := newEngine(t, policy.Options{})
	turns := map[ledger.Kind][]string{
		ledger.KindUnanswered: {"missed", "cancelled", "stopped"},
		ledger.KindCallback:   {"", "asked", "taken", "retry", "talked", "written", "not-reached", "cancelled", "closed", "broken", "forbidden"},
		ledger.KindErased:     {"content", "all"},
		ledger.KindDenied:     {"send", "ring"},
	}
	for _, language := range []string{"da", "en", "ar", "fa"} {
		seen := map[string]string{}
		for kind, actions := range turns {
			for _, action := range actions {
				s := e.Sentence(ledger.Entry{Patient: "jens", Time: now, Kind: kind, Action: action, By: "PractitionerRole/a", To: "PractitionerRole/b", Reasons: []string{"objection"}}, "Anna", "Bent", language)
				if first, ok := seen[s]; ok {
					t.Errorf("%s: %s and %s %s read alike: %s", language, first, kind, action, s)
				}
				seen[s] = string(kind) + " " + action
				if !strings.Contains(s, "Anna") && !strings.Contains(s, "Bent") || strings.Contains(s, "{") || action != "" && strings.Contains(s, " "+action+" ") && language != "en" {
					t.Errorf("%s: %s %s: %s", language, kind, action, s)
				}
			}
		}
	}
}
