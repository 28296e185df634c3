// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package history_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest/history"
)

// at makes an operation about patient p from call to return.
func at(k history.Kind, who string, call, back int64, r history.Result) history.Op {
	return history.Op{Kind: k, Who: who, Call: call, Return: back, Result: r, Patient: "p"}
}

func of(o history.Op, message bridge.MessageID, consents ...bridge.ConsentID) history.Op {
	o.Message, o.Consents = message, consents
	return o
}

func inLog(o history.Op, n uint64) history.Op {
	o.N, o.Way = n, history.ByLog
	return o
}

// good is a history with nothing wrong: m1 is shown while the consent stands, m2
// comes blank, m3 is refused, and a new consent lets m4 through.
func good() []history.Op {
	return []history.Op{
		of(at(history.Grant, "p", 0, 10, history.OK), "", "g1"),
		of(at(history.Send, "s", 20, 30, history.OK), "m1"),
		of(at(history.Own, "s", 31, 31, ""), "m1", "g1"),
		inLog(of(at(history.Show, "r/1", 35, 35, ""), "m1", "g1"), 1),
		of(at(history.Send, "s", 36, 45, history.OK), "m2"),
		of(at(history.Own, "s", 46, 46, ""), "m2", "g1"),
		of(at(history.Withdraw, "p", 40, 60, history.OK), "", "g1"),
		inLog(of(at(history.Event, "r/1", 65, 65, ""), ""), 2),
		inLog(of(at(history.Blank, "r/1", 66, 66, ""), "m2"), 3),
		at(history.Send, "s", 70, 80, history.Denied),
		of(at(history.Grant, "p", 90, 95, history.OK), "", "g2"),
		of(at(history.Send, "s", 100, 110, history.OK), "m4"),
		of(at(history.Own, "s", 111, 111, ""), "m4", "g2"),
		inLog(of(at(history.Show, "r/1", 112, 112, ""), "m4", "g2"), 4),
	}
}

func TestTheCheckerKnowsRightFromWrong(t *testing.T) {
	with := func(more ...history.Op) []history.Op { return append(good(), more...) }
	change := func(i int, f func(*history.Op)) []history.Op {
		ops := good()
		f(&ops[i])
		return ops
	}
	for name, x := range map[string]struct {
		ops  []history.Op
		want []string
	}{
		"nothing is wrong": {good(), nil},
		"a showing right after the answer": {
			change(3, func(o *history.Op) { o.Call, o.Return = 61, 61 }), []string{"withdrawal is a wall"},
		},
		"history that is read after the answer": {
			with(of(at(history.Show, "r/1", 70, 70, ""), "m1", "g1")), []string{"withdrawal is a wall"},
		},
		"a showing under what superseded the consent that was withdrawn": {
			[]history.Op{
				of(history.Op{Kind: history.Grant, Who: "p", Return: 1, Result: history.OK, Line: "g1", Patient: "p"}, "", "g1"),
				of(history.Op{Kind: history.Grant, Who: "p", Call: 2, Return: 3, Result: history.OK, Line: "g1", Patient: "p"}, "", "g2"),
				of(at(history.Withdraw, "p", 4, 5, history.OK), "", "g1", "g2"),
				of(at(history.Show, "r/1", 6, 6, ""), "m1", "g2"),
			},
			[]string{"withdrawal is a wall"},
		},
		"an acceptance after the answer": {
			with(of(at(history.Send, "s", 70, 80, history.OK), "m5"), of(at(history.Own, "s", 81, 81, ""), "m5", "g1"),
				inLog(of(at(history.Blank, "r/1", 120, 120, ""), "m5"), 5)),
			[]string{"one order"},
		},
		"an acceptance before the grant": {
			change(1, func(o *history.Op) { o.Call, o.Return = -5, -1 }), []string{"one order"},
		},
		"a refusal while the consent stands": {
			with(at(history.Send, "s", 12, 15, history.Denied)), []string{"one order"},
		},
		"a refusal that may have been before":                {with(at(history.Send, "s", 5, 15, history.Denied)), nil},
		"a withdrawal that may have come to nothing, or not": {change(6, func(o *history.Op) { o.Result = history.Unknown }), nil},
		"an acknowledged message that never came":            {slices.Delete(good(), 13, 14), []string{"acknowledged is kept"}},
		"a message that came twice":                          {with(inLog(of(at(history.Show, "r/1", 120, 120, ""), "m4", "g2"), 5)), []string{"shown once"}},
		"a gap in a log":                                     {change(13, func(o *history.Op) { o.N = 5 }), []string{"a log has no gap"}},
		"a client that is told that something is missing":    {with(at(history.Lost, "r/1", 120, 120, "")), []string{"nothing is left out"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, v := range history.Check(x.ops) {
				got = append(got, v.Rule)
				if len(v.Ops) == 0 || v.String() == "" {
					t.Errorf("%s is not explained: %v", v.Rule, v)
				}
			}
			if diff := cmp.Diff(x.want, got); diff != "" {
				t.Errorf("broken rules, -want +got:\n%s", diff)
			}
		})
	}
}

func TestAHistoryIsReadAsItWasWritten(t *testing.T) {
	var file bytes.Buffer
	if err := history.Write(&file, good()); err != nil {
		t.Fatal(err)
	}
	got, err := history.Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(good(), got); diff != "" {
		t.Errorf("-written +read:\n%s", diff)
	}
}
