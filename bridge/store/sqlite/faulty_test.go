// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/store/storetest"
)

func TestFaulty(t *testing.T) {
	for _, c := range []struct {
		fault         storetest.Fault
		kept, unknown bool
	}{
		{storetest.Refused, false, false},
		{storetest.Full, false, false},
		{storetest.Lost, false, true},
		{storetest.Kept, true, true},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), "bridge.db"), small)
			defer shut(t, s)
			f := storetest.NewFaulty(s)
			f.Fail(2, c.fault)
			for n, id := range []bridge.PatientID{"a", "b", "c"} {
				err := f.Update(context.Background(), id, newPatient(id))
				if got := errors.Is(err, storetest.ErrFault); got != (n == 1) {
					t.Errorf("update %d: got %v", n+1, err)
				}
				if got := errors.Is(err, bridge.ErrOutcomeUnknown); got != (n == 1 && c.unknown) {
					t.Errorf("update %d: outcome unknown is %t", n+1, got)
				}
				if got := holds(t, s, id); got != (n != 1 || c.kept) {
					t.Errorf("update %d: kept is %t", n+1, got)
				}
			}
			if f.Updates() != 3 {
				t.Errorf("counted %d updates, want 3", f.Updates())
			}
		})
	}
}

func newPatient(id bridge.PatientID) func(bridge.Tx) error {
	return func(tx bridge.Tx) error { return tx.Patients().Put(bridge.Patient{ID: id}) }
}

// holds reports whether the patient is in the store.
func holds(t *testing.T, s bridge.Store, id bridge.PatientID) bool {
	t.Helper()
	err := s.View(context.Background(), func(tx bridge.Tx) error {
		_, err := tx.Patients().Head(id)
		return err
	})
	if err != nil && !errors.Is(err, bridge.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}
