// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// Somebody with the file and a program for SQL changes one thing.
func TestCheckFindsHarm(t *testing.T) {
	sound := filepath.Join(t.TempDir(), "bridge.db")
	s := open(t, sound, small)
	whole(t, s)
	signedTree(t, s)
	shut(t, s)
	database, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, harm, want string }{
		{"nothing", "", ""},
		{"an entry is edited", `UPDATE entries SET entry = CAST(replace(CAST(entry AS TEXT), 'ward', 'home') AS BLOB) WHERE seq = 3`, "chain of patient a: entry 3: changed"},
		{"an entry's salt", `UPDATE entries SET salt = zeroblob(32) WHERE seq = 2`, "chain of patient a: entry 2: changed"},
		{"an entry in the middle is removed", `DELETE FROM entries WHERE seq = 3`, "chain of patient a: entry 3: log has a gap"},
		{"the last entry is removed", `DELETE FROM entries WHERE seq = 8`, "chain of patient a: entry 8: log has a gap"},
		{"the chain is cut", `UPDATE patients SET seq = 7, last = (SELECT row FROM entries WHERE seq = 7) WHERE id = 'a'`, "chain of patient a: entry 7: not the last"},
		{"an entry of nobody", `INSERT INTO entries SELECT row + 100, 'x', seq, prev, mile, salt, before, commitment, head, entry FROM entries WHERE seq = 1`, "entry in no patient's chain"},
		{"the last entry is removed, and the chain ends before it", `UPDATE patients SET seq = 7, last = 7, head = (SELECT head FROM entries WHERE seq = 7) WHERE id = 'a'; DELETE FROM disclosures WHERE id = 'd-000000000003-c'; DELETE FROM entries WHERE seq = 8`, "leaf 7 of the tree: its entry is gone"},
		{"two entries change places", `UPDATE entries SET row = -1 WHERE row = 3; UPDATE entries SET row = 3 WHERE row = 4; UPDATE entries SET row = 4 WHERE row = -1`, "chain of patient a: entry 3: log has a gap"},
		{"a leaf is changed", `UPDATE tree_pages SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB)`, "leaf 0 of the tree: is not entry 1 of patient a"},
		{"a node is changed", `UPDATE tree_pages SET hashes = CAST(substr(hashes, 1, 64) || zeroblob(32) || substr(hashes, 97) AS BLOB)`, "leaf 1 of the tree: a node above the 2 leaves that end here was changed; they end with entry 2 of patient a"},
		{"the tree is cut", `UPDATE tree SET size = 7`, "the tree of 7 leaves has 15 hashes, want 11"},
		{"the tree is thrown away", `UPDATE tree SET size = 0; DELETE FROM tree_pages`, "checkpoint of 8 leaves: signed for 8, and the tree has 0"},
		{"a checkpoint is given another root", `UPDATE checkpoints SET note = CAST('log.example' || char(10) || '8' || char(10) || 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' || char(10, 10) AS BLOB)`, "checkpoint of 8 leaves: the tree has forked from what was signed"},
		{"an event is removed", `DELETE FROM events WHERE party = 'PractitionerRole/gp-of-a' AND n = 4`, "events of PractitionerRole/gp-of-a: log has a gap"},
		{"an event's number", `UPDATE events SET n = 9 WHERE party = 'PractitionerRole/nurse-of-a' AND n = 2`, "events of PractitionerRole/nurse-of-a: log has a gap"},
		{"a log goes back", `UPDATE event_heads SET newest = newest - 1 WHERE party = 'PractitionerRole/gp-of-a'`, "events of PractitionerRole/gp-of-a: log has a gap"},
		{"a message is removed", `DELETE FROM messages WHERE seq = 2`, "messages of conversation c: log has a gap"},
		{"the last message is removed", `DELETE FROM messages WHERE seq = 4`, "messages of conversation c: log has a gap"},
		{"a place is skipped", `UPDATE conversations SET last_seq = 5`, "conversation c: place 5 is empty"},
		{"an accepted message loses its state", `UPDATE messages SET state = 'held' WHERE seq = 1`, "message 000000000000-c: "},
		{"a disclosure is given another entry", `UPDATE disclosures SET doc = CAST('{"id":"d-000000000001-c","patient":"a","seq":3}' AS BLOB) WHERE id = 'd-000000000001-c'`, "disclosure d-000000000001-c: not entry 3 of patient a"},
		{"a disclosure is removed", `DELETE FROM disclosures WHERE id = 'd-000000000001-c'`, "claims of consent consent-of-a: 3, counted 4"},
		{"a delivery that never was disclosed", `UPDATE deliveries SET recipient = 'Patient/a', doc = CAST('{"message":"000000000001-c","recipient":"Patient/a","state":"delivered"}' AS BLOB) WHERE message = '000000000001-c'`, "delivery of message 000000000001-c to Patient/a: never disclosed"},
		{"a delivery without a state", `UPDATE deliveries SET doc = CAST('{"message":"000000000002-c","recipient":"PractitionerRole/nurse-of-a","state":"forgotten"}' AS BLOB) WHERE message = '000000000002-c'`, "delivery of message 000000000002-c to PractitionerRole/nurse-of-a: not accounted for"},
		{"a consent of a later epoch", `UPDATE patients SET epoch = 1`, "consent consent-of-a: of an epoch that patient a has not reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bridge.db")
			if err := os.WriteFile(path, database, 0o600); err != nil {
				t.Fatal(err)
			}
			if c.harm != "" {
				foreign(t, path, c.harm)
			}
			s := open(t, path, small)
			defer shut(t, s)
			err := s.Check(context.Background())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// whole writes four messages, disclosed, on a consent of epoch 2.
func whole(t *testing.T, s *sqlite.Store) {
	t.Helper()
	update(t, s, "a", newPatient("a"))
	update(t, s, "a", newTalk("a", "c"))
	update(t, s, "a", func(tx bridge.Tx) error {
		epoch, err := tx.Patients().Bump("a")
		return errors.Join(err, tx.Consents().Put(bridge.Consent{
			ID: consentsOf("a")[0], Patient: "a",
			State: bridge.ConsentActive, GrantedAt: noon, GrantedEpoch: epoch,
		}))
	})
	for n := range 4 {
		update(t, s, "a", wholePath("a", "c", n))
	}
}

// signedTree puts all entries into the tree and signs it.
func signedTree(t *testing.T, s *sqlite.Store) {
	t.Helper()
	key, err := ledger.NewSigner("log.example", ledger.NewSeed())
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, "", func(tx bridge.Tx) error {
		size, err1 := tx.Tree().Size()
		pending, err2 := tx.Tree().Pending(1000)
		leaves := make([]ledger.Hash, len(pending))
		for i, c := range pending {
			leaves[i] = ledger.LeafHash(c)
		}
		grown, err3 := ledger.Grow(size, leaves, tx.Tree().Hashes)
		if err := errors.Join(err1, err2, err3, tx.Tree().Append(size, pending, grown)); err != nil {
			return err
		}
		size += uint64(len(pending))
		root, err4 := ledger.Root(size, tx.Tree().Hashes)
		note, err5 := ledger.SignCheckpoint(key, size, root)
		return errors.Join(err4, err5, tx.Checkpoints().Put(bridge.SignedTree{Size: size, Note: note, At: noon}))
	})
}

func TestCheckGivesUp(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "bridge.db"), small)
	defer shut(t, s)
	whole(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want cancelled", err)
	}
}
