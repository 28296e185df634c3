// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// scene is a bridge's database, copied so that somebody can harm it, and what had
// been given out of it before.
type scene struct {
	w     *bridgetest.World
	path  string // of the copy
	given []byte // jens's export
	tree  []byte // the whole ledger's
}

// played lets people act, and gives out exports.
func played(t *testing.T) *scene {
	t.Helper()
	w := bridgetest.NewPlain(t)
	conv := w.Talk(bridge.PurposeTreatment, "gp", "treating-psychiatrist")
	reader := w.Reader("psy")
	for range 3 {
		w.MustSend("gp", bridgetest.Draft(conv, "Who follows the tests up?", bridge.TopicMedication))
		reader.Next()
	}
	if err := w.Canary(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &scene{w: w, path: filepath.Join(t.TempDir(), "copy.db")}
	var given, tree bytes.Buffer
	err1 := w.Export(t.Context(), w.As("jens"), "jens", 0, &given)
	err2 := bridge.ExportLedger(t.Context(), w.Store(), w.Log.Verifier(), true, bridgetest.Noon, &tree)
	if err := errors.Join(err1, err2, sqlite.Backup(t.Context(), w.Path, s.path)); err != nil {
		t.Fatal(err)
	}
	s.given, s.tree = given.Bytes(), tree.Bytes()
	return s
}

// reopened is a bridge over the copy as somebody left it.
func (s *scene) reopened(t *testing.T) *bridge.Bridge {
	t.Helper()
	store := open(t, s.path, small)
	t.Cleanup(func() { shut(t, store) })
	b, err := bridge.New(bridge.Config{Store: store, Decider: s.w.Policy, Texts: s.w.Policy, Live: s.w.Live(), Now: s.w.Clock.Now, Ledger: s.w.Log})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// found is everything that is found: by the operator's check, by the patient with
// what they were given before, by who has the whole ledger, by the sequencer.
func (s *scene) found(t *testing.T) string {
	t.Helper()
	b := s.reopened(t)
	ctx := context.WithoutCancel(t.Context())
	all := []string{fmt.Sprint("check: ", b.Store().Check(ctx)), fmt.Sprint("sequencer: ", b.Sequence(ctx))}
	look := func(who string, given []byte, export func(*bytes.Buffer) error) {
		var out bytes.Buffer
		if err := export(&out); err != nil {
			all = append(all, fmt.Sprintf("%s: %v", who, err))
			return
		}
		earlier, err := ledger.ReadEarlier(bytes.NewReader(given), s.w.Log.Verifier())
		if err != nil {
			t.Fatal(err)
		}
		r, err := ledger.VerifyExport(&out, ledger.Trust{Log: s.w.Log.Verifier(), Earlier: earlier})
		all = append(all, fmt.Sprintf("%s: %v %v", who, r.Findings, err))
	}
	look("patient", s.given, func(out *bytes.Buffer) error {
		return b.Export(ctx, bridge.Caller{Party: "Patient/jens"}, "jens", 0, out)
	})
	all = append(all, fmt.Sprintf("damaged exports: %d", b.DamagedExports()))
	views, err := b.Entries(ctx, bridge.Caller{Party: "Patient/jens"}, "jens", 0, 100, "en")
	read := "read:"
	for _, v := range views {
		read += fmt.Sprint(" ", v.Entry.Seq)
	}
	all = append(all, fmt.Sprintf("%s %v", read, err))
	look("auditor", s.tree, func(out *bytes.Buffer) error {
		return bridge.ExportLedger(ctx, b.Store(), s.w.Log.Verifier(), true, bridgetest.Noon, out)
	})
	return strings.Join(all, "\n")
}

// Somebody with the file, a program for SQL and time to think changes the record.
// Every time it is found, and the entry is named.
func TestWhatSQLCanDoIsFound(t *testing.T) {
	s := played(t)
	whole := s.path
	const third = `SELECT row FROM entries WHERE patient = 'jens' AND seq = 3`
	for _, c := range []struct {
		name string
		harm []string
		want []string
	}{
		{"nothing", nil, []string{"check: <nil>", "sequencer: <nil>", "patient: [] <nil>", "damaged exports: 0", "read: 1 2 3 4 5 6 7 <nil>", "auditor: [] <nil>"}},
		{
			"an entry is edited",
			[]string{`UPDATE entries SET entry = CAST(replace(CAST(entry AS TEXT), '/psy', '/bo') AS BLOB) WHERE row = (` + third + `)`},
			[]string{"check: checking: chain of patient jens: entry 3: changed", "patient: [entry 3 of patient jens: changed", "auditor: [entry 3 of patient jens: changed"},
		},
		{
			"an entry is edited, and its commitment",
			[]string{`UPDATE entries SET salt = zeroblob(32), commitment = zeroblob(32) WHERE row = (` + third + `)`},
			[]string{"check: checking: chain of patient jens: entry 3: changed", "patient: [entry 3 of patient jens: changed", "auditor: [entry 3 of patient jens: changed"},
		},
		{
			"an entry is deleted",
			[]string{`DELETE FROM entries WHERE row = (` + third + `)`},
			[]string{"check: checking: chain of patient jens: entry 3: log has a gap", "patient: [entry 3 of patient jens: removed: it is missing, and stands in the earlier export] <nil>", "damaged exports: 1", "read: 1 2 4 5 6 7 <nil>", "leaf 2: removed: its entry is gone entry 3 of patient jens: removed"},
		},
		{
			"the last entry is deleted, and others",
			[]string{`DELETE FROM entries WHERE patient = 'jens' AND seq = (SELECT max(seq) FROM entries WHERE patient = 'jens')`, `DELETE FROM entries WHERE row = (` + third + `)`},
			[]string{"patient: [entry 3 of patient jens: removed: it is missing, and stands in the earlier export entry 7 of patient jens: removed"},
		},
		{
			"an entry is made unreadable",
			[]string{`UPDATE entries SET entry = CAST('{' AS BLOB) WHERE row = (` + third + `)`},
			[]string{"patient: [entry 3 of patient jens: changed: it can't be read] <nil>", "read: 1 2 4 5 6 7 <nil>"},
		},
		{
			"two entries change places",
			[]string{
				`CREATE TEMP TABLE x AS SELECT salt, entry FROM entries WHERE patient = 'jens' AND seq = 3`,
				`UPDATE entries SET (salt, entry) = (SELECT salt, entry FROM entries WHERE patient = 'jens' AND seq = 4) WHERE patient = 'jens' AND seq = 3`,
				`UPDATE entries SET (salt, entry) = (SELECT salt, entry FROM x) WHERE patient = 'jens' AND seq = 4`,
			},
			[]string{"check: checking: chain of patient jens: entry 4: stands at place 3", "reordered", "auditor: [entry 4 of patient jens: reordered: it stands in another's place entry 3 of patient jens: reordered"},
		},
		{
			"the record ends earlier",
			[]string{
				`DELETE FROM tails`,
				`UPDATE patients SET seq = 2, last = (SELECT row FROM entries WHERE patient = 'jens' AND seq = 2), mile = 0, head = (SELECT head FROM entries WHERE patient = 'jens' AND seq = 2) WHERE id = 'jens'`,
				`DELETE FROM entries WHERE patient = 'jens' AND seq > 2`,
			},
			[]string{"check: checking: ", "patient: [entry 3 of patient jens: removed: it is missing, and stands in the earlier export", "removed"},
		},
		{
			"the tree is written anew over a forged leaf",
			[]string{`UPDATE tree_pages SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB) WHERE page = 0`},
			[]string{"check: checking: leaf 0 of the tree: is not entry", "auditor: [leaf 0: forked: it was another in the earlier export"},
		},
		{
			"the tree begins anew, and its heads are forgotten",
			[]string{`UPDATE tree SET size = 0`, `DELETE FROM tree_pages`, `DELETE FROM checkpoints`, `UPDATE entries SET salt = zeroblob(32), commitment = zeroblob(32) WHERE row = (` + third + `)`},
			[]string{"check: checking: chain of patient jens: entry 3: changed", "patient: [the tree: forked", "forked: it was another in the earlier export"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.path = filepath.Join(t.TempDir(), "harmed.db")
			if err := sqlite.Backup(t.Context(), whole, s.path); err != nil {
				t.Fatal(err)
			}
			foreign(t, s.path, c.harm...)
			got := s.found(t)
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("found\n%s\nwant %q", got, w)
				}
			}
		})
	}
}

// The sequencer signs nothing that does not go on from what it signed before.
func TestTheSequencerSignsNoFork(t *testing.T) {
	s := played(t)
	foreign(t, s.path, `UPDATE tree_pages SET hashes = CAST(zeroblob(length(hashes)) AS BLOB) WHERE page = 0`)
	b := s.reopened(t)
	err := b.Sequence(t.Context())
	if !errors.Is(err, ledger.ErrFork) {
		t.Errorf("got %v, want a fork", err)
	}
	s.w.Clock.Advance(bridge.SequenceLate)
	if b.SequenceLag() < bridge.SequenceLate {
		t.Error("it does not show")
	}
}

// Where the record's way is broken, the canary says so within the hour.
func TestTheCanaryFindsABrokenRow(t *testing.T) {
	for name, harm := range map[string]string{
		"hidden": `DELETE FROM entries WHERE patient = 'brobygger-canary' AND seq = 1`,
		"edited": `UPDATE entries SET entry = CAST(replace(CAST(entry AS TEXT), 'team', 'list') AS BLOB) WHERE patient = 'brobygger-canary' AND seq = 2`,
	} {
		t.Run(name, func(t *testing.T) {
			s := played(t)
			b := s.reopened(t)
			if err := b.Canary(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := b.Store().Close(); err != nil {
				t.Fatal(err)
			}
			foreign(t, s.path, harm)
			b = s.reopened(t)
			if err := b.Canary(t.Context()); err == nil {
				t.Error("the canary sings on")
			}
			if _, err := b.CanaryHealth(); err == nil {
				t.Error("it does not show")
			}
		})
	}
}
