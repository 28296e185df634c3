// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/brobygger/brobygger/bridge"
)

// The first schema as it was released. A change of a table is a new migration;
// this file and the migration that it is a copy of never change.
func TestTheFirstSchemaStaysAsItWas(t *testing.T) {
	frozen, err := os.ReadFile("testdata/0001_first.sql")
	if err != nil {
		t.Fatal(err)
	}
	now, err := os.ReadFile("schema/0001_first.sql")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(frozen, now) {
		t.Error("schema/0001_first.sql has changed: add a migration instead")
	}
}

// A database of the first schema, as the first release wrote it, is opened,
// brought forward, and is whole.
func TestTheFirstReleasesDatabaseIsOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bridge.db")
	script, err := os.ReadFile("testdata/v1.sql")
	if err != nil {
		t.Fatal(err)
	}
	foreign(t, path, string(script))
	s := open(t, path, small)
	defer shut(t, s)
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
	err = s.View(context.Background(), func(tx bridge.Tx) error {
		m, err := tx.Messages().Message("000000000001-c")
		if err != nil {
			return err
		}
		if m.Seq != 2 || m.Parts[0].Text != textOf || !m.SentAt.Equal(noon) {
			t.Errorf("message came as %+v", m)
		}
		told, err := tx.Events().After(from("a"), 0, 100)
		if len(told) != 6 {
			t.Errorf("%d events, want 6", len(told))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for n := range 3 {
		update(t, s, "a", wholePath("a", "c", 100+n))
	}
}

// What was opened by an emergency access before there were reviews waits for one,
// where its maker works.
func TestAnEmergencyOfTheFirstReleaseWaitsForItsReview(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bridge.db")
	script, err := os.ReadFile("testdata/v1.sql")
	if err != nil {
		t.Fatal(err)
	}
	const row = `INSERT INTO emergencies VALUES ('%s', 'a', 1767225600000000000, CAST('{"id":"%[1]s","patient":"a",
		"by":"PractitionerRole/anna-clinic","reason":"unconscious","asked_at":"2026-01-01T00:00:00Z"%s,"reviewed":false}' AS BLOB))`
	foreign(t, path, string(script), fmt.Sprintf(row, "asked", ""),
		fmt.Sprintf(row, "opened", `,"confirmed_at":"2026-01-01T00:01:00Z","expires_at":"2026-01-01T00:16:00Z"`))
	s := open(t, path, small)
	defer shut(t, s)
	err = s.View(context.Background(), func(tx bridge.Tx) error {
		queue, err := tx.Emergencies().Find(bridge.EmergencyQuery{Organization: "clinic", Confirmed: true, Waiting: true})
		if err != nil {
			return err
		}
		if len(queue) != 1 || queue[0].ID != "opened" {
			t.Errorf("the queue is %+v", queue)
		}
		n, _, _, err := tx.Emergencies().Waiting(noon)
		if n != 1 {
			t.Errorf("%d wait, want 1", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
