// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"slices"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// remedyOrder is the order in which people are shown ways out: what solves it
// for good first, what always works last.
var remedyOrder = []bridge.RemedyKind{
	bridge.RemedyNamePurpose, bridge.RemedyNameTopics, bridge.RemedyNameCase, bridge.RemedySignInHigher,
	bridge.RemedyAskPatient, bridge.RemedyAskTeam, bridge.RemedyRing, bridge.RemedyWrite, bridge.RemedyEmergency, bridge.RemedyPhone,
}

// remedies puts the kinds in order, and words the request to the patient.
func (e *Engine) remedies(q *bridge.Question, kinds []bridge.RemedyKind, lacking []bridge.Topic) []bridge.Remedy {
	var out []bridge.Remedy
	for _, kind := range remedyOrder {
		switch {
		case !slices.Contains(kinds, kind):
		case kind == bridge.RemedyAskPatient:
			for _, topics := range e.apart(q, lacking) {
				out = append(out, bridge.Remedy{Kind: kind, Scope: e.request(q, topics)})
			}
		case kind == bridge.RemedyRing:
			out = append(out, bridge.Remedy{Kind: kind, Scope: e.request(q, []bridge.Topic{e.law.RingTopic})})
		default:
			out = append(out, bridge.Remedy{Kind: kind})
		}
	}
	return out
}

// apart splits the topics into those that one consent may name together: where
// the jobcentre is a side, each sensitive topic stands alone.
func (e *Engine) apart(q *bridge.Question, lacking []bridge.Topic) [][]bridge.Topic {
	if len(lacking) == 0 {
		return nil
	}
	_, from := e.law.place(&q.From)
	_, to := e.law.place(&q.To)
	if !e.law.Sectors[from].Strict && !e.law.Sectors[to].Strict {
		return [][]bridge.Topic{lacking}
	}
	var plain []bridge.Topic
	var out [][]bridge.Topic
	for _, t := range lacking {
		if e.law.Topics[t].Sensitive {
			out = append(out, []bridge.Topic{t})
		} else {
			plain = append(plain, t)
		}
	}
	if len(plain) > 0 {
		out = append([][]bridge.Topic{plain}, out...)
	}
	return out
}

// request is the consent to ask the patient for.
func (e *Engine) request(q *bridge.Question, topics []bridge.Topic) *bridge.Scope {
	days := time.Duration(e.law.AskDays) * 24 * time.Hour
	return &bridge.Scope{
		From: []bridge.Party{party(&q.From)}, To: []bridge.Party{party(&q.To)}, Both: true,
		Topics: topics, Purposes: []bridge.Purpose{q.Purpose}, Case: q.Case,
		Period: bridge.Period{Start: q.Now, End: q.Now.Add(days)},
	}
}

func party(a *bridge.Actor) bridge.Party {
	if a.Ref == "" {
		return bridge.Party{Function: a.Function}
	}
	return bridge.Party{Ref: a.Ref}
}
