// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package bridge_test

import (
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// from takes the one resource of the region that has the reference.
func from(t *testing.T, r bridge.Ref) bridge.Resource {
	t.Helper()
	for _, x := range bridgetest.Region(bridgetest.Noon).Resources {
		if _, account := x.(bridge.Account); !account && x.Reference() == r {
			return x
		}
	}
	t.Fatalf("no %s", r)
	return nil
}

func bring(t *testing.T, w *bridgetest.World, r bridge.Resource) error {
	t.Helper()
	_, err := w.Import(t.Context(), w.As("admin"), bridge.ImportBatch{Resources: []bridge.Resource{r}})
	return err
}

func TestWhoseRoleWentToSomebodyElseActsInItNoMore(t *testing.T) {
	w := bridgetest.New(t)
	former := w.As("gp")
	role := from(t, bridgetest.Role("gp")).(bridge.PractitionerRole)
	role.Practitioner = "person-gp-other"
	if err := bring(t, w, role); err != nil {
		t.Fatal(err)
	}
	_, err := w.CareTeam(t.Context(), former, "jens")
	bridgetest.MustDeny(t, err, bridge.CodeTokenExpired)
}

func TestAUnitThatClosesStopsWhatWasDecidedForItsPeople(t *testing.T) {
	w, s := newTurns(t)
	before := w.As("psy")
	elsewhere := w.As("gp")
	unit := from(t, bridgetest.Party("unit:psychiatry").Ref).(bridge.Organization)
	unit.Phone = "+45 12 34 56 78"
	if err := bring(t, w, unit); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CareTeam(t.Context(), before, "jens"); err != nil {
		t.Errorf("a new telephone number ended a session: %v", err)
	}
	unit.Active = false
	s.then(func() error { return bring(t, w, unit) }) // decided, not yet kept
	_, err := w.CareTeam(t.Context(), before, "jens")
	bridgetest.MustDeny(t, err, bridge.CodeTokenExpired)
	if _, err := w.CareTeam(t.Context(), elsewhere, "jens"); err != nil {
		t.Errorf("somebody of another unit: %v", err)
	}
}

func TestThePatientWhomARepresentativeLeavesIsDecidedOnAfresh(t *testing.T) {
	w := bridgetest.New(t)
	epoch := func(p bridge.PatientID) (e uint64) {
		err := w.Store().View(t.Context(), func(tx bridge.Tx) error {
			h, err := tx.Patients().Head(p)
			e = h.Epoch
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	amir, bo := epoch("amir"), epoch("bo")
	mother := from(t, "RelatedPerson/mother").(bridge.RelatedPerson)
	mother.Patient = "bo"
	if err := bring(t, w, mother); err != nil {
		t.Fatal(err)
	}
	if epoch("amir") != amir+1 || epoch("bo") != bo+1 {
		t.Errorf("epochs went from %d and %d to %d and %d", amir, bo, epoch("amir"), epoch("bo"))
	}
}
