// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/anishathalye/porcupine"

	"github.com/brobygger/brobygger/bridge"
)

// What a register of one consent can hold. Ids are never reused, so it goes this
// way only; a consent that supersedes another goes on in its register.
const (
	none    = "none"
	active  = "active"
	revoked = "revoked"
)

// recv is an operation of a register only: from when a message was sent until it
// was shown.
const recv Kind = "received"

// register says which operations of one consent may follow each other. Sends are
// accepted while it is active and at no other time, and refused at no other time
// than when it is not.
var register = porcupine.Model{
	Init: func() any { return none },
	Step: func(state, input, output any) (bool, any) {
		s, r := state.(string), output.(Result)
		switch input.(Op).Kind {
		case Grant:
			return s != revoked, active
		case Withdraw:
			return s != none || r == Unknown, revoked
		case Send:
			return r == Unknown || (r == OK) == (s == active), s
		case recv:
			return s == active, s
		default:
			return false, s
		}
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprint(input.(Op).Kind, " ", output.(Result)) },
}

// Registers asks Porcupine whether what happened to each consent can be put in one
// order that keeps to the intervals. It finds what was accepted or refused against
// an answer; that something was shown late it can't find, since a showing began
// with its sending: that is Strict's.
func Registers(ops []Op) []Violation {
	var found []Violation
	parts := partition(ops)
	for _, id := range sortedKeys(parts) {
		if !porcupine.CheckOperations(register, parts[id]) {
			found = append(found, Violation{
				Rule: "one order", What: fmt.Sprintf("what happened to consent %s can be put in no order", id),
				Ops: smallest(parts[id]),
			})
		}
	}
	return found
}

func sortedKeys(m map[bridge.ConsentID][]porcupine.Operation) []bridge.ConsentID {
	var keys []bridge.ConsentID
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// smallest leaves out whatever is not needed for there to be no order, so that a
// person can see why.
func smallest(all []porcupine.Operation) []Op {
	left := slices.Clone(all)
	for i := len(left) - 1; i >= 0; i-- {
		if without := slices.Delete(slices.Clone(left), i, i+1); !porcupine.CheckOperations(register, without) {
			left = without
		}
	}
	ops := make([]Op, len(left))
	for i, o := range left {
		ops[i] = o.Input.(Op)
	}
	slices.SortFunc(ops, func(x, y Op) int { return cmp.Compare(x.Call, y.Call) })
	return ops
}

// partition makes a history for each consent's register.
func partition(ops []Op) map[bridge.ConsentID][]porcupine.Operation {
	clients := map[string]int{}
	parts := map[bridge.ConsentID][]porcupine.Operation{}
	add := func(id bridge.ConsentID, o Op) {
		if _, ok := clients[o.Who]; !ok {
			clients[o.Who] = len(clients)
		}
		end := o.Return
		if o.Result == Unknown {
			end = math.MaxInt64
		}
		parts[id] = append(parts[id], porcupine.Operation{ClientId: clients[o.Who], Input: o, Call: o.Call, Output: o.Result, Return: end})
	}
	lines, relied, lives := lines(ops), map[bridge.MessageID][]bridge.ConsentID{}, livesOf(ops)
	sent := map[bridge.MessageID]Op{}
	for _, o := range ops {
		if o.Kind == Own || o.Kind == Show {
			relied[o.Message] = o.Consents
		}
		if o.Kind == Send && o.Result == OK {
			sent[o.Message] = o
		}
	}
	for _, o := range ops {
		switch {
		case o.Kind == Grant || o.Kind == Withdraw:
			for _, id := range o.Consents {
				add(lines.of(id), o)
			}
		case o.Kind == Send && o.Result == OK:
			for _, id := range relied[o.Message] {
				add(lines.of(id), o)
			}
		case o.Kind == Send && o.Result == Denied: // none of the patient's was active at some instant of it
			for id, l := range lives[o.Patient] {
				if l.begin <= o.Return && l.end >= o.Call {
					add(id, o)
				}
			}
		case o.Kind == Show:
			s, ok := sent[o.Message]
			for _, id := range o.Consents {
				if ok {
					o.Kind, o.Call, o.Result = recv, s.Call, OK
					add(lines.of(id), o)
				}
			}
		}
	}
	return parts
}

// life is from when a consent may have been active until when it may last have.
type life struct{ begin, end int64 }

func livesOf(ops []Op) map[bridge.PatientID]map[bridge.ConsentID]life {
	all, lines := map[bridge.PatientID]map[bridge.ConsentID]life{}, lines(ops)
	for _, o := range ops {
		if o.Kind != Grant && o.Kind != Withdraw {
			continue
		}
		if all[o.Patient] == nil {
			all[o.Patient] = map[bridge.ConsentID]life{}
		}
		for _, id := range o.Consents {
			first := lines.of(id)
			l, ok := all[o.Patient][first]
			if !ok {
				l = life{o.Call, math.MaxInt64}
			}
			l.begin = min(l.begin, o.Call)
			if o.Kind == Withdraw && o.Result == OK {
				l.end = o.Return
			}
			all[o.Patient][first] = l
		}
	}
	return all
}
