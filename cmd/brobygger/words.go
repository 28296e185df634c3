// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
)

// What people read comes from one table for each language, and from the policy's
// texts. Every sentence has a key; a word for a code has its list before it. What
// a language lacks is said in English: that is what only staff reads.

//go:embed words/*.yaml
var wordFiles embed.FS

// languages are those that somebody can be spoken to in.
var languages = []string{"da", "en", "ar", "fa"}

const fallbackLanguage = "en"

// wordTable is one file.
type wordTable struct {
	Language  string            `yaml:"language"`
	Everybody map[string]string `yaml:"everybody"`
	Staff     map[string]string `yaml:"staff"`
}

func readWords(language string) (wordTable, error) {
	var t wordTable
	raw, err := wordFiles.ReadFile("words/" + language + ".yaml")
	if err != nil {
		return t, err
	}
	if err := yaml.Unmarshal(raw, &t); err != nil {
		return t, fmt.Errorf("reading the words in %s: %w", language, err)
	}
	return t, nil
}

// vocabulary is what is said in one language, and in English where it has no word.
var vocabulary = func() func(language string) map[string]string {
	var mu sync.Mutex
	known := map[string]map[string]string{}
	return func(language string) map[string]string {
		mu.Lock()
		defer mu.Unlock()
		if known[language] == nil {
			all := map[string]string{}
			for _, l := range []string{fallbackLanguage, language} {
				t, err := readWords(l)
				if err != nil {
					panic(err) // it is part of the program, and read by its tests
				}
				maps.Copy(all, t.Everybody)
				maps.Copy(all, t.Staff)
			}
			known[language] = all
		}
		return known[language]
	}
}()

// languageOf is the language that was asked for: by --lang, and otherwise by the
// locale, of which LC_ALL counts before LC_MESSAGES and LANG. A locale that is not
// spoken here is English; a --lang that is not spoken is refused.
func languageOf(asked string, env func(string) string) (string, error) {
	if asked != "" {
		if l := spoken(asked); l != "" {
			return l, nil
		}
		return "", usagef("--lang %s: want one of %s", asked, strings.Join(languages, ", "))
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := env(name); v != "" {
			if l := spoken(v); l != "" {
				return l, nil
			}
			break
		}
	}
	return fallbackLanguage, nil
}

// spoken is the language of "da", "da-DK" or "da_DK.UTF-8"; "" for one not spoken.
func spoken(locale string) string {
	if i := strings.IndexAny(locale, "-_.@"); i >= 0 {
		locale = locale[:i]
	}
	if l := strings.ToLower(locale); slices.Contains(languages, l) {
		return l
	}
	return ""
}

// say is a sentence of the table, with its {names} filled in.
func (p *printer) say(key string, pairs ...any) string {
	text, ok := vocabulary(p.language)[key]
	if !ok {
		panic("no words for " + strconv.Quote(key)) // every key is known to the tests
	}
	return filled(text, pairs...)
}

// filled puts values in the place of {names}; what stands in a value stays.
func filled(text string, pairs ...any) string {
	if len(pairs) == 0 {
		return text
	}
	old := make([]string, len(pairs))
	for i, v := range pairs {
		if old[i] = fmt.Sprint(v); i%2 == 0 {
			old[i] = "{" + old[i] + "}"
		}
	}
	return strings.NewReplacer(old...).Replace(text)
}

// tell prints a sentence on a line of its own.
func (p *printer) tell(key string, pairs ...any) { p.printf("%s\n", p.say(key, pairs...)) }

// code is the word for a code; one that is not known stands for itself.
func code[T ~string](p *printer, list string, c T) string {
	if text, ok := vocabulary(p.language)[list+" "+string(c)]; ok {
		return text
	}
	return string(c)
}

func codes[T ~string](p *printer, list string, all []T) string {
	texts := make([]string, len(all))
	for i, c := range all {
		texts[i] = code(p, list, c)
	}
	return p.listing(texts, ", ")
}

// listing puts a list together as the language does.
func (p *printer) listing(all []string, comma string) string {
	if p.rightToLeft() {
		comma = strings.NewReplacer(",", "،", ";", "؛").Replace(comma)
	}
	return strings.Join(all, comma)
}

func (p *printer) topics(all []bridge.Topic) string { return codes(p, "topic", all) }

func (p *printer) purposes(all []bridge.Purpose) string { return codes(p, "purpose", all) }

// labels are the words that stand in a column before what they label.
var labels = []string{"between", "about", "for", "case", "until", "because", "given", "id"}

// field prints a labelled line; the values of one language stand under each other.
func (p *printer) field(mark, label, value string) {
	width := 0
	for _, l := range labels {
		width = max(width, utf8.RuneCountInString(p.say(l)))
	}
	text := p.say(label)
	p.printf("%s%s%s%s\n", mark, text, strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text))+2), value)
}

func (p *printer) rightToLeft() bool { return p.language == "ar" || p.language == "fa" }

// apart keeps what may be of the other writing direction together (Unicode UAX 9:
// first strong isolate).
func (p *printer) apart(text string) string {
	if p.rightToLeft() && text != "" {
		return "\u2068" + text + "\u2069"
	}
	return text
}

// wording is a code of the bridge's in words, or the code where there are none.
func wording(code bridge.Code, language string) string {
	for _, l := range []string{language, fallbackLanguage} {
		if text := api.Title(code, l); text != "" {
			return text
		}
	}
	return string(code)
}

// when words a time as people say it: near ones by the clock, others by date.
func (p *printer) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	now, t := p.now(), t.Local()
	switch age := now.Sub(t); {
	case age >= 0 && age < time.Minute:
		return p.say("now")
	case age >= 0 && age < time.Hour:
		return p.say("minutes", "n", int(age.Minutes()))
	}
	day := func(t time.Time) string { return t.Format(time.DateOnly) }
	switch day(t) {
	case day(now):
		return p.say("today", "clock", t.Format("15:04"))
	case day(now.AddDate(0, 0, -1)):
		return p.say("yesterday", "clock", t.Format("15:04"))
	case day(now.AddDate(0, 0, 1)):
		return p.say("tomorrow", "clock", t.Format("15:04"))
	}
	month := strings.Split(p.say("months"), ",")[t.Month()-1]
	return p.say("date", "day", t.Day(), "month", month, "year", t.Year())
}

// clock is a time of this day.
func clock(t time.Time) string { return t.Local().Format("15:04:05") }
