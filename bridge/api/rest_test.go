// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/fhir"
)

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestNobodyLearnsThatAPatientExists asks every route that names a patient, as
// people who have nothing to do with jens: the answer for him is byte for byte
// that for a patient who does not exist.
func TestNobodyLearnsThatAPatientExists(t *testing.T) {
	w := newWorld(t)
	scope := bridgetest.Scope("gp-other", "sw-other", bridge.PurposeCareCoordination, "2026-1", bridge.TopicMedication)
	grant := map[string]any{"mid": "grant-000001", "patient": "PATIENT", "scope": scope, "language": "da", "text_hash": strings.Repeat("0", 64)}
	for _, c := range []struct {
		method, target string
		body           any
	}{
		{"GET", "/patients/PATIENT", nil},
		{"GET", "/patients/PATIENT/care-team", nil},
		{"GET", "/patients/PATIENT/entries", nil},
		{"GET", "/consents?patient=PATIENT", nil},
		{"GET", "/objections?patient=PATIENT", nil},
		{"GET", "/consent-requests?patient=PATIENT", nil},
		{"GET", "/conversations?patient=PATIENT", nil},
		{"POST", "/presence", map[string]any{"patient": "PATIENT", "members": []bridge.Party{bridgetest.Party("gp")}}},
		{"POST", "/presence", map[string]any{"patient": "PATIENT", "members": []bridge.Party{bridgetest.Party("own-gp")}}},
		{"POST", "/consents", grant},
		{"POST", "/consents/preview", grant},
		{"POST", "/consents/nothing-1/withdrawal", map[string]any{"patient": "PATIENT"}},
		{"POST", "/consents/nothing-1/withdrawal/preview", map[string]any{"patient": "PATIENT"}},
		{"POST", "/consent-requests", map[string]any{"mid": "request-0001", "patient": "PATIENT", "scope": scope, "reason": "x"}},
		{"POST", "/consent-requests/nothing-1/decline", map[string]any{"patient": "PATIENT"}},
		{"POST", "/objections", map[string]any{"mid": "objection-01", "patient": "PATIENT", "parties": []bridge.Party{bridgetest.Party("gp")}}},
		{"POST", "/objections/nothing-1/lift", map[string]any{"patient": "PATIENT"}},
		{"POST", "/emergencies/nothing-1/confirmation", map[string]any{"patient": "PATIENT"}},
		{"POST", "/conversations", map[string]any{"mid": "conversation-01", "patient": "PATIENT", "purpose": "treatment", "members": []bridge.Party{bridgetest.Party("own-gp")}}},
		{"POST", "/attachments?patient=PATIENT&topics=medication", []byte("text")},
	} {
		for _, stranger := range []string{"gp-other", "sw-other", "bo"} { // the last is another patient
			ask := func(patient string) string {
				var body any
				switch b := c.body.(type) {
				case nil:
				case []byte:
					body = b
				default:
					body = json.RawMessage(strings.ReplaceAll(string(mustJSON(t, b)), "PATIENT", patient))
				}
				a := w.call(stranger, c.method, strings.ReplaceAll(c.target, "PATIENT", patient), body, "Content-Disposition", "attachment; filename=x")
				a.header.Del("Date")
				return fmt.Sprintf("%d %v %s", a.status, a.header, a.body)
			}
			known, unknown := ask("jens"), ask("nobody")
			if known != unknown {
				t.Errorf("%s asks %s %s:\nknown   %s\nunknown %s", stranger, c.method, c.target, known, unknown)
			}
			if strings.HasPrefix(known, "2") && !strings.Contains(known, `"items":[]`) || strings.HasPrefix(known, "5") {
				t.Errorf("%s asks %s %s: %s", stranger, c.method, c.target, known)
			}
		}
	}
}

// TestAPatientIsFoundByWhoIsInvolved, and by nobody else: a number that is
// somebody's and one that is nobody's give the same answer.
func TestAPatientIsFoundByWhoIsInvolved(t *testing.T) {
	w := newWorld(t)
	number := bridge.Identifier{System: "urn:oid:1.2.208.176.1.2", Value: "0101880000"}
	known, err := w.Patient(t.Context(), w.As("jens"), "jens")
	if err != nil {
		t.Fatal(err)
	}
	known.Identifiers = []bridge.Identifier{number}
	if _, err := w.Import(t.Context(), w.As("admin"), bridge.ImportBatch{Patients: []bridge.Patient{known}}); err != nil {
		t.Fatal(err)
	}
	found := into[bridge.Patient](t, w.call("gp", "POST", "/patients:find", number), http.StatusOK)
	if found.ID != "jens" {
		t.Errorf("found %+v", found)
	}
	nobodys := number
	nobodys.Value = "0101880001"
	for _, stranger := range []string{"gp-other", "bo", "admin"} {
		a, b := w.call(stranger, "POST", "/patients:find", number), w.call(stranger, "POST", "/patients:find", nobodys)
		if a.status != b.status || string(a.body) != string(b.body) || a.status < 400 {
			t.Errorf("%s: %d %s\n%d %s", stranger, a.status, a.body, b.status, b.body)
		}
		if strings.Contains(string(a.body), "010188") {
			t.Errorf("the number comes back: %s", a.body)
		}
	}
}

// TestEmergencyAccessNeedsTwoSteps, and a role that may.
func TestEmergencyAccessNeedsTwoSteps(t *testing.T) {
	w := newWorld(t)
	ask := map[string]any{"mid": "emergency-1", "patient": "jens", "reason": "Unconscious on arrival."}
	if no := w.call("sw-other", "POST", "/emergencies", ask); no.status != http.StatusForbidden {
		t.Errorf("a support worker: %d %s", no.status, no.body)
	}
	asked := into[bridge.Emergency](t, w.call("gp-other", "POST", "/emergencies", ask), http.StatusCreated)
	if team := w.call("gp-other", "GET", "/patients/jens/care-team", nil); team.status != http.StatusForbidden {
		t.Errorf("asking opened it: %d %s", team.status, team.body)
	}
	open := into[bridge.Emergency](t, w.call("gp-other", "POST", "/emergencies/"+asked.ID+"/confirmation", map[string]any{"patient": "jens"}), http.StatusOK)
	if got := open.ExpiresAt.Sub(open.ConfirmedAt); got != bridge.EmergencyLifetime {
		t.Errorf("open for %s", got)
	}
	into[items[bridge.MemberView]](t, w.call("gp-other", "GET", "/patients/jens/care-team", nil), http.StatusOK)
}

func TestRolesAreChosen(t *testing.T) {
	w := newWorld(t)
	second := bridge.PractitionerRole{ID: "gp-night", Practitioner: "person-gp", Organization: "clinic-other", Code: "speciallaegeipraksis", Active: true}
	if _, err := w.Import(t.Context(), w.As("admin"), bridge.ImportBatch{Resources: []bridge.Resource{second}}); err != nil {
		t.Fatal(err)
	}
	if a := w.call("gp", "GET", "/me", nil); a.status != http.StatusBadRequest {
		t.Errorf("without a choice: %d %s", a.status, a.body)
	}
	roles := into[items[bridge.RoleEntry]](t, w.call("gp", "GET", "/me/roles", nil), http.StatusOK)
	if len(roles.Items) != 2 {
		t.Fatalf("roles: %+v", roles.Items)
	}
	me := into[api.Me](t, w.call("gp", "GET", "/me", nil, api.HeaderRole, "PractitionerRole/gp-night"), http.StatusOK)
	if me.Party != "PractitionerRole/gp-night" || me.Person != "Practitioner/person-gp" || me.Admin {
		t.Errorf("me: %+v", me)
	}
	if a := w.call("gp", "GET", "/me", nil, api.HeaderRole, "PractitionerRole/psy"); a.status != http.StatusUnauthorized {
		t.Errorf("in another's role: %d %s", a.status, a.body)
	}
}

func TestAClosedAccountIsClosed(t *testing.T) {
	w := newWorld(t)
	gp := bridge.Subject{Issuer: bridgetest.Issuer, Name: "gp"}
	if a := w.call("psy", "POST", "/accounts/disable", gp); a.status != http.StatusForbidden {
		t.Errorf("by who is no admin: %d", a.status)
	}
	if a := w.call("admin", "POST", "/accounts/disable", gp); a.status != http.StatusNoContent {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if p := into[api.Problem](t, w.call("gp", "GET", "/me", nil), http.StatusForbidden); p.Code != bridge.CodeAccountDisabled {
		t.Errorf("%+v", p)
	}
	w.call("admin", "POST", "/accounts/enable", gp)
	into[api.Me](t, w.call("gp", "GET", "/me", nil), http.StatusOK)
}

func TestAnAdminSeesWhichPolicyDecides(t *testing.T) {
	w := newWorld(t)
	if a := w.call("gp", "GET", "/policy", nil); a.status != http.StatusForbidden {
		t.Errorf("shown to who is no admin: %d %s", a.status, a.body)
	}
	if err := bridge.Admit(t.Context(), w.Store(), bridge.Activation{Revision: 7, SHA256: "sum"}); err != nil {
		t.Fatal(err)
	}
	p := into[bridge.PolicyState](t, w.call("admin", "GET", "/policy", nil), http.StatusOK)
	if len(p.History) != 1 || p.History[0].Revision != 7 {
		t.Errorf("%+v", p)
	}
}

// An officer reviews over HTTP, and the patient reads what came out.
func TestAnEmergencyIsReviewedOverHTTP(t *testing.T) {
	w := newWorld(t)
	ask := map[string]any{"mid": "emergency-1", "patient": "jens", "reason": "Unconscious on arrival."}
	e := into[bridge.Emergency](t, w.call("psy-other", "POST", "/emergencies", ask), http.StatusCreated)
	into[bridge.Emergency](t, w.call("psy-other", "POST", "/emergencies/"+e.ID+"/confirmation", map[string]any{"patient": "jens"}), http.StatusOK)
	if no := w.call("psy", "GET", "/emergencies", nil); no.status != http.StatusForbidden {
		t.Errorf("the queue for somebody else: %d %s", no.status, no.body)
	}
	queue := into[items[bridge.EmergencyView]](t, w.call("dpo", "GET", "/emergencies", nil), http.StatusOK)
	if len(queue.Items) != 1 || queue.Items[0].ID != e.ID {
		t.Fatalf("%+v", queue)
	}
	review := map[string]any{"mid": "review-00001", "outcome": "justified", "note": "life-or-health"}
	into[bridge.Emergency](t, w.call("dpo", "POST", "/emergencies/"+e.ID+"/review", review), http.StatusOK)
	mine := into[items[bridge.EmergencyView]](t, w.call("jens", "GET", "/emergencies?patient=jens", nil), http.StatusOK)
	if len(mine.Items) != 1 || !mine.Items[0].Reviewed {
		t.Errorf("the patient reads %+v", mine)
	}
}

func TestPeopleAreFound(t *testing.T) {
	w := newWorld(t)
	found := into[items[bridge.RoleEntry]](t, w.call("sw", "GET", "/directory?organization=psychiatry&limit=2", nil), http.StatusOK)
	if len(found.Items) != 2 {
		t.Errorf("directory: %+v", found.Items)
	}
	named := into[items[bridge.Named]](t, w.call("mother", "POST", "/names",
		map[string]any{"patient": "amir", "refs": []bridge.Ref{bridgetest.Role("gp"), bridgetest.Role("psy")}}), http.StatusOK)
	if len(named.Items) != 1 || named.Items[0].Name != "Name of gp" || named.Items[0].Organization != "Clinic" {
		t.Errorf("named: %+v", named.Items)
	}
	team := into[items[bridge.MemberView]](t, w.call("gp", "GET", "/patients/jens/care-team", nil), http.StatusOK)
	if len(team.Items) == 0 {
		t.Error("the own GP sees nobody")
	}
	seen := into[items[bridge.Presence]](t, w.call("gp", "POST", "/presence",
		map[string]any{"patient": "jens", "members": []bridge.Party{bridgetest.Party("psy")}}), http.StatusOK)
	if len(seen.Items) != 1 {
		t.Errorf("presence: %+v", seen.Items)
	}
	until := w.Clock.Now().AddDate(0, 0, 1)
	if a := w.call("psy", "PUT", "/me/do-not-disturb", map[string]any{"until": until}); a.status != http.StatusNoContent {
		t.Errorf("do not disturb: %d %s", a.status, a.body)
	}
}

// TestImport takes FHIR, twice; and of a broken bundle nothing.
func TestImport(t *testing.T) {
	w := newWorld(t)
	line := func(id, more string) string {
		return `{"resourceType":"Organization","id":"` + id + `","name":"Ward","active":true` + more + `}` + "\n"
	}
	type imported struct {
		Taken  bridge.ImportReport
		Report struct{ Items []map[string]any }
	}
	take := func(content string) answer {
		return w.call("admin", "POST", "/import", []byte(content), "Content-Type", "application/fhir+ndjson")
	}
	both := line("ward-1", "") + line("ward-2", `,"partOf":{"reference":"Organization/region"}`)
	first := into[imported](t, take(both), http.StatusOK)
	if first.Taken.Created != 2 || len(first.Report.Items) != 2 {
		t.Errorf("first: %+v", first)
	}
	if second := into[imported](t, take(both), http.StatusOK); second.Taken.Unchanged != 2 {
		t.Errorf("second: %+v", second)
	}
	broken := into[api.Problem](t, take(line("ward-3", "")+line("ward-4", `,"partOf":{"reference":"Organization/nowhere"}`)), http.StatusBadRequest)
	if len(broken.Errors) == 0 || !strings.Contains(broken.Errors[0].Location, "ward-4") {
		t.Errorf("broken: %+v", broken)
	}
	if third := into[imported](t, take(line("ward-3", "")), http.StatusOK); third.Taken.Created != 1 {
		t.Errorf("the broken bundle left something: %+v", third)
	}
	// What refers to things of an earlier import finds them, a patient by number too.
	cpr := `"identifier":[{"system":"urn:oid:1.2.208.176.1.2","value":"0101801234"}]`
	people := line("ward-5", "") +
		`{"resourceType":"Practitioner","id":"new","active":true,"name":[{"text":"New"}]}` + "\n" +
		`{"resourceType":"PractitionerRole","id":"new","active":true,"practitioner":{"reference":"Practitioner/new"},"organization":{"reference":"Organization/ward-1"}}` + "\n" +
		`{"resourceType":"Patient","id":"kim","active":true,"name":[{"text":"Kim"}],"birthDate":"1980-01-01",` + cpr + `}` + "\n"
	into[imported](t, take(people), http.StatusOK)
	team := `{"resourceType":"CareTeam","id":"team-kim","status":"active","subject":{"type":"Patient",` + strings.NewReplacer("[", "", "]", "").Replace(cpr) + `},` +
		`"participant":[{"role":[{"coding":[{"system":"` + fhir.SystemFunction + `","code":"contact-nurse"}]}],"member":{"reference":"PractitionerRole/new"}}]}`
	if got := into[imported](t, take(team), http.StatusOK); got.Taken.ByType["CareTeam"] != 1 {
		t.Errorf("a team of people known before: %+v", got)
	}
	if a := w.call("gp", "POST", "/import", []byte(both)); a.status != http.StatusForbidden {
		t.Errorf("by who is no admin: %d", a.status)
	}
}

func TestAWholeBridgeIsReady(t *testing.T) {
	w := newWorld(t)
	res, err := http.Get(w.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var got api.Readiness
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(http.StatusOK, res.StatusCode); diff != "" || !got.Ready {
		t.Errorf("%d %+v", res.StatusCode, got)
	}
}
