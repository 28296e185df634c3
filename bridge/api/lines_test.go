// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

const rota = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//rota//EN\r\n" +
	"BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\nUID:1\r\nSUMMARY:gp\r\n" +
	"DTSTART;TZID=Europe/Copenhagen:20270104T090000\r\nDTEND;TZID=Europe/Copenhagen:20270104T120000\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nDTSTAMP:20260101T000000Z\r\nUID:2\r\nSUMMARY:Somebody else\r\n" +
	"DTSTART;TZID=Europe/Copenhagen:20270105T090000\r\nDTEND;TZID=Europe/Copenhagen:20270105T120000\r\nEND:VEVENT\r\n" +
	"END:VCALENDAR\r\n"

// A clinic's line is made by an admin, looked after by its people, and closed to
// everybody else.
func TestALineIsLookedAfterByItsPeople(t *testing.T) {
	w := newWorld(t)
	gp := w.As("gp").Party
	role := w.role(gp)
	made := bridge.Line{
		ID: "clinic-line", Organization: role.Organization, Name: "Clinic, professionals' line", Active: true, Capacity: 1,
		Tiers:   []bridge.Tier{{Members: []bridge.Ref{gp}}},
		Opening: bridge.Opening{Week: []bridge.Hours{{Days: []time.Weekday{time.Monday}, Start: "09:00", End: "12:00"}}},
		Promise: bridge.Promise{AnswerSeconds: 30},
	}
	if a := w.call("gp-other", "PUT", "/lines/clinic-line", made); a.status < 400 {
		t.Fatalf("somebody else makes a line: %d", a.status)
	}
	into[bridge.Line](t, w.call("admin", "PUT", "/lines/clinic-line", made), http.StatusOK)
	if a := w.call("admin", "PUT", "/lines/another-line", made); a.status != http.StatusBadRequest {
		t.Errorf("a line under another id: %d %s", a.status, a.body)
	}
	if seen := into[items[bridge.LineView]](t, w.call("gp-other", "GET", "/lines", nil), http.StatusOK); len(seen.Items) != 1 || seen.Items[0].Mine {
		t.Errorf("others see %+v", seen.Items)
	}
	for _, path := range []string{"", "/state", "/report?" + quarter()} {
		if a := w.call("gp-other", "GET", "/lines/clinic-line"+path, nil); a.status < 400 {
			t.Errorf("others read %s: %d %s", path, a.status, a.body)
		}
	}
	opened := into[bridge.LineView](t, w.call("gp", "POST", "/lines/clinic-line/open", map[string]any{"reason": "open today"}), http.StatusOK)
	if !opened.Open || opened.Reason != "open today" {
		t.Errorf("opened by hand: %+v", opened)
	}
	closed := into[bridge.LineView](t, w.call("gp", "POST", "/lines/clinic-line/close", map[string]any{}), http.StatusOK)
	if closed.Open {
		t.Errorf("closed by hand: %+v", closed)
	}
	w.rota(gp)
	into[bridge.LineState](t, w.call("gp", "GET", "/lines/clinic-line/state", nil), http.StatusOK)
	if r := into[bridge.LineReport](t, w.call("gp", "GET", "/lines/clinic-line/report?"+quarter(), nil), http.StatusOK); r.Line != "clinic-line" || r.Calls != 0 {
		t.Errorf("reported %+v", r)
	}
}

// rota imports the shifts above as the line's own people, and reads them back.
func (w *world) rota(gp bridge.Ref) {
	w.t.Helper()
	got := into[bridge.RotaImport](w.t, w.call("gp", "PUT", "/lines/clinic-line/rota?"+quarter(), []byte(strings.ReplaceAll(rota, "SUMMARY:gp", "SUMMARY:"+w.nameOf(gp))), "Content-Type", "text/calendar"), http.StatusOK)
	if got.Shifts != 3 || len(got.Skipped) != 1 {
		w.t.Errorf("imported %+v", got)
	}
	line := into[bridge.Line](w.t, w.call("gp", "GET", "/lines/clinic-line", nil), http.StatusOK)
	if len(line.Rota) != 3 || line.Rota[0].Member != gp || !line.Rota[0].Period.Start.Equal(time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC)) {
		w.t.Errorf("the rota is %+v", line.Rota)
	}
	if a := w.call("gp", "PUT", "/lines/clinic-line/rota?"+quarter(), []byte("no calendar"), "Content-Type", "text/calendar"); a.status != http.StatusBadRequest {
		w.t.Errorf("no calendar: %d", a.status)
	}
}

func quarter() string {
	return url.Values{"since": {"2027-01-01T00:00:00Z"}, "until": {"2027-04-01T00:00:00Z"}}.Encode()
}

func (w *world) role(r bridge.Ref) (role bridge.PractitionerRole) {
	w.t.Helper()
	err := w.Store().View(w.t.Context(), func(tx bridge.Tx) (err error) {
		role, err = tx.Directory().Role(r.ID())
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return role
}

func (w *world) nameOf(r bridge.Ref) string {
	w.t.Helper()
	var name string
	err := w.Store().View(w.t.Context(), func(tx bridge.Tx) error {
		role, err := tx.Directory().Role(r.ID())
		if err != nil {
			return err
		}
		p, err := tx.Directory().Practitioner(role.Practitioner)
		name = p.Name
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return name
}
