// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"strconv"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// longWords say how long a talk was.
type longWords struct {
	Under  string    `json:"under"` // less than a minute
	Minute manyWords `json:"minute"`
	Hour   manyWords `json:"hour"`
	And    string    `json:"and"`
}

// manyWords are a number of something in the forms of a language, after the
// plural rules of the CLDR. A form that a language does not have is empty.
type manyWords struct {
	One   string `json:"one"`
	Two   string `json:"two"`
	Few   string `json:"few"` // 3 to 10, 103 to 110, ...
	Other string `json:"other"`
}

func (m manyWords) of(n uint64) string {
	form := m.Other
	switch {
	case n == 1 && m.One != "":
		form = m.One
	case n == 2 && m.Two != "":
		form = m.Two
	case n%100 >= 3 && n%100 <= 10 && m.Few != "":
		form = m.Few
	}
	return fill(form, "n", strconv.FormatUint(n, 10))
}

// of is a length in words, to the nearest minute.
func (l *longWords) of(seconds uint64) string {
	if seconds < 60 {
		return l.Under
	}
	all := (seconds + 30) / 60
	hours, minutes := all/60, all%60
	switch {
	case hours == 0:
		return l.Minute.of(minutes)
	case minutes == 0:
		return l.Hour.of(hours)
	}
	return l.Hour.of(hours) + l.And + l.Minute.of(minutes)
}

// rings reports whether entries of the kind are about ringing.
func rings(k ledger.Kind) bool {
	return k == ledger.KindRung || k == ledger.KindUnanswered || k == ledger.KindTalked || k == ledger.KindCallback
}

// act is the sentence of what was done.
func (l *logWords) act(e *ledger.Entry) string {
	action := e.Action
	if e.Ring != "" && action == string(bridge.ActionRead) { // what a ring is about, and no message
		action = map[ledger.Kind]string{ledger.KindDisclosed: "ring", ledger.KindDenied: "shown"}[e.Kind]
	}
	for _, key := range []string{string(e.Kind) + " " + action, string(e.Kind)} {
		if what := l.Acts[key]; what != "" {
			return what
		}
	}
	return "{by}: " + string(e.Kind) // of a newer version
}

// rung names who was rung where the entry names nobody: the line, by the name that
// is given for it, or somebody. "" for an entry that is not of a ring, or names one.
func (l *logWords) rung(e *ledger.Entry, name string) string {
	switch {
	case e.To != "" || name != "" || !rings(e.Kind):
		return ""
	case e.Line != "":
		return l.Line
	}
	return l.Somebody
}
