// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// consentWords are the sentences of which a consent's text is made.
type consentWords struct {
	Version  string   `json:"version"` // changed with each change of a sentence
	Months   []string `json:"months"`
	Date     string   `json:"date"`
	Time     string   `json:"time"`
	And      string   `json:"and"`
	Comma    string   `json:"comma"`
	Title    string   `json:"title"`
	OneWay   string   `json:"one_way"`
	BothWays string   `json:"both_ways"`
	Topics   string   `json:"topics"`
	Rest     string   `json:"rest"`
	RestNone string   `json:"rest_none"`
	Purposes string   `json:"purposes"`
	Case     string   `json:"case"`
	NoCase   string   `json:"no_case"`
	Until    string   `json:"until"`
	Free     string   `json:"free"`
	Withdraw string   `json:"withdraw"`
	Log      string   `json:"log"`
}

// Consent implements bridge.Texts: who, to whom, about what and what not, why,
// in which case, until when, and that it can be taken back. When it begins is
// not said, so that the text is the same when it is shown and when it is
// granted. Topics come in the order in which people are shown them, parties and
// purposes in the order of the scope.
func (e *Engine) Consent(s *bridge.Scope, names map[bridge.Party]string, language string) bridge.ConsentText {
	w := e.in(language)
	c := &w.Consent
	way := c.OneWay
	if s.Both {
		way = c.BothWays
	}
	lines := []string{
		c.Title, "",
		fill(way, "from", e.parties(w, s.From, names), "to", e.parties(w, s.To, names)),
		fill(c.Topics, "topics", e.topics(w, s.Topics, true)),
	}
	if rest := e.topics(w, s.Topics, false); rest != "" {
		lines = append(lines, fill(c.Rest, "rest", rest))
	} else {
		lines = append(lines, c.RestNone)
	}
	var purposes []string
	for _, p := range s.Purposes {
		purposes = append(purposes, e.Purpose(p, w.Language))
	}
	lines = append(lines, fill(c.Purposes, "purposes", join(c, purposes)))
	if s.Case != "" {
		lines = append(lines, fill(c.Case, "case", w.isolate(s.Case)))
	} else {
		lines = append(lines, c.NoCase)
	}
	if !s.Period.End.IsZero() {
		lines = append(lines, fill(c.Until, "until", e.instant(c, s.Period.End)))
	}
	lines = append(lines, "", c.Free, c.Withdraw, c.Log)
	body := strings.Join(lines, "\n") + "\n"
	sum := sha256.Sum256([]byte(body))
	return bridge.ConsentText{
		Language: w.Language, Version: w.Language + "-" + c.Version, Body: body, Hash: hex.EncodeToString(sum[:]),
	}
}

// fill puts words into the places of a sentence. What is put in is not searched
// for places again.
func fill(sentence string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}

// join lists words as people do: a, b and c.
func join(c *consentWords, list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], c.Comma) + c.And + list[last]
}

// isolate keeps a name of the other writing direction together, in languages
// written from right to left (Unicode UAX 9: first strong isolate).
func (w *words) isolate(name string) string {
	if w.Language == "ar" || w.Language == "fa" {
		return "\u2068" + name + "\u2069"
	}
	return name
}

// parties names the parties; a care function by the policy's own word.
func (e *Engine) parties(w *words, parties []bridge.Party, names map[bridge.Party]string) string {
	var out []string
	for _, p := range parties {
		switch name := names[p]; {
		case name != "":
			out = append(out, w.isolate(oneLine(name)))
		case p.Function != "":
			out = append(out, e.Function(p.Function, w.Language))
		default:
			out = append(out, w.isolate(string(p.Ref)))
		}
	}
	return join(&w.Consent, out)
}

// oneLine keeps a name from adding sentences of its own to what a patient signs.
func oneLine(name string) string { return strings.Join(strings.Fields(name), " ") }

// topics lists the law's topics that are in the scope, or those that are not.
func (e *Engine) topics(w *words, scope []bridge.Topic, in bool) string {
	var out []string
	for _, t := range bridge.Topics {
		if _, known := e.law.Topics[t]; known && slices.Contains(scope, t) == in {
			out = append(out, e.Topic(t, w.Language))
		}
	}
	if in {
		for _, t := range scope {
			if !slices.Contains(bridge.Topics, t) {
				out = append(out, e.Topic(t, w.Language))
			}
		}
	}
	return join(&w.Consent, out)
}

// instant words a time in the law's zone; midnight goes without a clock.
func (e *Engine) instant(c *consentWords, t time.Time) string {
	t = t.In(e.law.zone)
	day := fill(c.Date, "day", strconv.Itoa(t.Day()), "month", c.Months[t.Month()-1], "year", strconv.Itoa(t.Year()))
	if t.Hour() == 0 && t.Minute() == 0 {
		return day
	}
	return fill(c.Time, "date", day, "clock", t.Format("15:04"))
}
