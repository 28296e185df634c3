// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// Data of before everything was sealed comes back beside keys that know better only
// where the operator says that it is known to be so old.
func TestOlderDataIsRestoredByTheOperatorsWordOnly(t *testing.T) {
	older := filepath.Join(t.TempDir(), "older.db")
	s, err := sqlite.Open(older, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), "", func(tx bridge.Tx) error {
		if err := tx.Patients().Put(bridge.Patient{ID: "p1", Active: true}); err != nil {
			return err
		}
		_, err := tx.Entries().Append(ledger.Entry{Patient: "p1", Time: time.Unix(1, 0), Kind: ledger.KindRegistered})
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	keys, err := sqlite.OpenKeys(filepath.Join(data, keysFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(keys.SetWhole(t.Context()), keys.Close()); err != nil {
		t.Fatal(err)
	}

	var out bytes.Buffer
	r := restoreCmd{Data: data, File: older}
	err = r.Run(t.Context(), newPrinter(&out, &out, false, "en"))
	if !errors.Is(err, sqlite.ErrPlain) || !strings.Contains(err.Error(), "entries 1 of patient p1") || !strings.Contains(err.Error(), "--accept-plain") {
		t.Errorf("restored: %v", err)
	}
	if _, err := os.Stat(filepath.Join(data, database)); err == nil {
		t.Error("it left a database behind")
	}
	r.AcceptPlain = true
	if err := r.Run(t.Context(), newPrinter(&out, &out, false, "en")); err != nil {
		t.Error(err)
	}
	if since, err := sqlite.WholeSince(filepath.Join(data, keysFile)); err != nil || !since.IsZero() {
		t.Errorf("the keys still say that everything was sealed at %v: %v", since, err)
	}
}
