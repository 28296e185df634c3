// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package demo_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	"github.com/brobygger/brobygger/policy"
)

// unused is live state that an import has no business with.
type unused struct{ bridge.Live }

// The region goes into a real store under Danish law: every consent of it is one
// that its patient could have given. Loading it again changes nothing, and on
// another day only what is told in days.
func TestTheRegionImports(t *testing.T) {
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "demo.db"), sqlite.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Check(context.Background()); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	law, err := policy.New(policy.Options{Budget: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bridge.New(bridge.Config{Store: store, Decider: law, Texts: law, Live: unused{}, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	imported := func(now time.Time) bridge.ImportReport {
		t.Helper()
		batch, _ := load(t, now)
		report, err := b.Import(t.Context(), bridge.Caller{Admin: true}, batch)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	first := imported(today)
	if first.Updated != 0 || first.Unchanged != 0 || first.ByType["Consent"] != 9 || first.ByType["Objection"] != 4 || first.ByType["Line"] != 16 {
		t.Errorf("first: %+v", first)
	}
	if again := imported(today); again.Created != 0 || again.Updated != 0 || again.Unchanged != first.Created {
		t.Errorf("again: %+v", again)
	}
	// Three absences, Maja's move, three rotas, a window and a closed day.
	if next := imported(today.AddDate(0, 0, 1)); next.Created != 0 || next.Updated != 9 {
		t.Errorf("the day after: %+v", next)
	}
}
