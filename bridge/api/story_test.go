// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// The stories go through HTTP only, on a whole bridge.

func TestAGPReachesThePsychiatrist(t *testing.T) {
	w := newWorld(t)
	conv := w.open("gp", bridge.PurposeTreatment, "", "treating-psychiatrist")
	sent := into[bridge.Sent](t, w.call("gp", "POST", "/conversations/"+string(conv.ID)+"/messages",
		message("Which dose?", bridge.TopicMedication)), http.StatusCreated)
	if sent.State != bridge.MessageAccepted || len(sent.Recipients) != 1 || sent.Recipients[0].Recipient != bridgetest.Role("psy") {
		t.Fatalf("sent: %+v", sent)
	}
	listed := into[items[bridge.ConversationView]](t, w.call("psy", "GET", "/conversations", nil), http.StatusOK)
	if len(listed.Items) != 1 || listed.Items[0].Unread != 1 {
		t.Fatalf("the psychiatrist's list: %+v", listed.Items)
	}
	target := "/conversations/" + string(conv.ID) + "/messages"
	stale := into[items[bridge.HistoryItem]](t, w.call("psy", "GET", target, nil), http.StatusOK)
	if got := stale.Items[0]; !slices.Contains(got.Withheld, bridge.ReasonNotFresh) || len(got.Message.Parts) != 0 {
		t.Errorf("who does not keep the freshness rule got %+v", got)
	}
	if diff := cmp.Diff([]string{"Which dose?"}, w.read("psy", conv.ID)); diff != "" {
		t.Error(diff)
	}
	marked := w.call("psy", "POST", "/conversations/"+string(conv.ID)+"/read", map[string]any{"seq": 1})
	if marked.status != http.StatusOK {
		t.Errorf("read: %d %s", marked.status, marked.body)
	}
	own := into[items[bridge.HistoryItem]](t, w.call("gp", "GET", target, nil, api.HeaderFresh, "1"), http.StatusOK)
	if d := own.Items[0].Deliveries; len(d) != 1 || d[0].State != bridge.DeliveryDelivered || d[0].ReadAt.IsZero() {
		t.Errorf("the sender's account: %+v", d)
	}
	if got := scrape(t, w.metrics); !strings.Contains(got, `brobygger_sends_total{state="accepted"} 1`+"\n") ||
		!strings.Contains(got, "brobygger_send_to_shown_seconds_count 1\n") {
		t.Error("the counters did not move")
	}
}

func TestThePatientIsAskedAndSaysYesAndThenNo(t *testing.T) {
	w := newWorld(t)
	conv := w.open("sw", bridge.PurposeSocialCasework, "2026-1", "own-gp")
	target := "/conversations/" + string(conv.ID) + "/messages"
	draft := message("Does he take it?", bridge.TopicMedication)
	no := into[api.Problem](t, w.call("sw", "POST", target, draft), http.StatusForbidden)
	i := slices.IndexFunc(no.Remedies, func(r api.RemedyWords) bool { return r.Kind == bridge.RemedyAskPatient })
	if no.Code != bridge.CodeConsentRequired || i < 0 || no.Remedies[i].Scope == nil || no.Reasons[0].Text == "" {
		t.Fatalf("the refusal: %+v", no)
	}

	draft["conv"] = conv.ID
	request := into[bridge.ConsentRequest](t, w.call("sw", "POST", "/consent-requests", map[string]any{
		"mid": bridgetest.MID(), "patient": "jens", "scope": no.Remedies[i].Scope, "reason": "To help with the pills.", "hold": draft,
	}), http.StatusCreated)
	asked := into[items[bridge.ConsentRequest]](t, w.call("jens", "GET", "/consent-requests?patient=jens&state=pending", nil), http.StatusOK)
	if len(asked.Items) != 1 || asked.Items[0].ID != request.ID {
		t.Fatalf("the patient is asked: %+v", asked.Items)
	}
	given := w.consent(request.Scope, request.ID)
	if diff := cmp.Diff([]string{"Does he take it?"}, w.read("gp", conv.ID)); diff != "" {
		t.Errorf("the held message did not go by itself: %s", diff)
	}

	about := map[string]any{"patient": "jens"}
	would := into[bridge.Change](t, w.call("jens", "POST", "/consents/"+string(given.ID)+"/withdrawal/preview", about), http.StatusOK)
	if len(would.Lose) == 0 {
		t.Errorf("nobody would lose: %+v", would)
	}
	taken := into[bridge.Withdrawal](t, w.call("jens", "POST", "/consents/"+string(given.ID)+"/withdrawal", about), http.StatusOK)
	if taken.Disclosures != 1 {
		t.Errorf("the answer: %+v", taken)
	}
	again := into[api.Problem](t, w.call("sw", "POST", target, message("And now?", bridge.TopicMedication)), http.StatusForbidden)
	if again.Code != bridge.CodeConsentRequired && again.Code != bridge.CodeConsentWithdrawn {
		t.Errorf("after the withdrawal: %+v", again)
	}
	w.wantRecord(ledger.KindDenied, ledger.KindRequested, ledger.KindHeld, ledger.KindGranted, ledger.KindAccepted, ledger.KindDisclosed, ledger.KindWithdrawn)
}

// wantRecord pages through jens's record, two entries at a time.
func (w *world) wantRecord(kinds ...ledger.Kind) {
	w.t.Helper()
	seen := map[string]bool{}
	after := "0"
	for seq := uint64(1); ; {
		page := into[items[bridge.EntryView]](w.t, w.call("jens", "GET", "/patients/jens/entries?limit=2&after="+after, nil), http.StatusOK)
		for _, e := range page.Items {
			if e.Entry.Seq != seq {
				w.t.Fatalf("entry %d where %d belongs", e.Entry.Seq, seq)
			}
			seq++
			seen[string(e.Entry.Kind)] = true
			if e.Entry.Kind == ledger.KindDenied && (len(e.Why) == 0 || e.By == "") {
				w.t.Errorf("a denial without words: %+v", e)
			}
		}
		if page.Next == 0 {
			break
		}
		after = string(mustJSON(w.t, page.Next))
	}
	for _, k := range kinds {
		if !seen[string(k)] {
			w.t.Errorf("the record has no entry %s", k)
		}
	}
}

func TestObjections(t *testing.T) {
	w := newWorld(t)
	mid := bridgetest.MID()
	made := map[string]any{"mid": mid, "patient": "jens", "parties": []bridge.Party{bridgetest.Party("psy")}}
	for range 2 { // the second changes nothing
		into[bridge.Objection](t, w.call("jens", "POST", "/objections", made), http.StatusCreated)
	}
	conv := w.open("gp", bridge.PurposeTreatment, "", "psy")
	target := "/conversations/" + string(conv.ID) + "/messages"
	no := into[api.Problem](t, w.call("gp", "POST", target, message("?", bridge.TopicMedication)), http.StatusForbidden)
	if !slices.ContainsFunc(no.Reasons, func(r api.Reason) bool { return r.Code == "objection" && r.Text != "" }) {
		t.Errorf("against the objection: %+v", no)
	}
	if lifted := w.call("jens", "POST", "/objections/"+mid+"/lift", map[string]any{"patient": "jens"}); lifted.status != http.StatusNoContent {
		t.Fatalf("lifting: %d %s", lifted.status, lifted.body)
	}
	into[bridge.Sent](t, w.call("gp", "POST", target, message("?", bridge.TopicMedication)), http.StatusCreated)
	all := into[items[bridge.Objection]](t, w.call("jens", "GET", "/objections?patient=jens", nil), http.StatusOK)
	if len(all.Items) != 1 || all.Items[0].LiftedAt.IsZero() {
		t.Errorf("the list: %+v", all.Items)
	}
}

func TestFilesGoThroughTheGate(t *testing.T) {
	w := newWorld(t)
	pdf := []byte("%PDF-1.7\n1 0 obj\n")
	file := into[bridge.Attachment](t, w.call("gp", "POST", "/attachments?patient=jens&topics=medication", pdf,
		"Content-Disposition", `attachment; filename="list.pdf"`), http.StatusCreated)
	conv := w.open("gp", bridge.PurposeTreatment, "", "psy")
	into[bridge.Sent](t, w.call("gp", "POST", "/conversations/"+string(conv.ID)+"/messages",
		map[string]any{"mid": bridgetest.MID(), "attachments": []any{file.ID}}), http.StatusCreated)
	target := "/attachments/" + string(file.ID)
	got := w.call("psy", "GET", target, nil, api.HeaderFresh, "1")
	if got.status != http.StatusOK || string(got.body) != string(pdf) || got.header.Get("Content-Type") != "application/pdf" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	claim := got.header.Get("Brobygger-Disclosure")
	if closed := w.call("psy", "POST", "/disclosures/close", map[string]any{"claims": []string{claim}, "state": "shown"}); claim == "" || closed.status != http.StatusNoContent {
		t.Errorf("claim %q: %d %s", claim, closed.status, closed.body)
	}
	if stale := w.call("psy", "GET", target, nil); stale.status != http.StatusForbidden {
		t.Errorf("without freshness: %d", stale.status)
	}
	if other := w.call("sw", "GET", target, nil, api.HeaderFresh, "1"); other.status != http.StatusForbidden {
		t.Errorf("a stranger to the conversation: %d", other.status)
	}
	script := w.call("gp", "POST", "/attachments?patient=jens&topics=medication", []byte("<script>alert(1)</script>"), "Content-Disposition", "attachment; filename=x.pdf")
	if script.status != http.StatusBadRequest {
		t.Errorf("a page under a file's name: %d %s", script.status, script.body)
	}
}

func TestUrgentMessagesAreAcknowledged(t *testing.T) {
	w := newWorld(t)
	conv := w.open("gp", bridge.PurposeTreatment, "", "psy")
	target := "/conversations/" + string(conv.ID) + "/messages"
	draft := message("Ring me.", bridge.TopicMedication)
	draft["priority"] = bridge.Urgent
	would := into[items[bridge.SeenBy]](t, w.call("gp", "POST", target+"/preview", draft), http.StatusOK)
	if len(would.Items) != 1 || !would.Items[0].Allow || would.Items[0].Parts[0].Text != "Ring me." {
		t.Errorf("preview: %+v", would.Items)
	}
	if listed := into[items[bridge.ConversationView]](t, w.call("psy", "GET", "/conversations", nil), http.StatusOK); len(listed.Items) != 0 {
		t.Errorf("a preview was sent: %+v", listed.Items)
	}
	sent := into[bridge.Sent](t, w.call("gp", "POST", target, draft), http.StatusCreated)
	again := into[bridge.Sent](t, w.call("gp", "POST", target, draft), http.StatusCreated)
	if again.Message != sent.Message || !again.Duplicate {
		t.Errorf("the same mid: %+v, then %+v", sent, again)
	}
	if diff := cmp.Diff([]string{"Ring me."}, w.read("psy", conv.ID)); diff != "" {
		t.Error(diff)
	}
	done := w.call("psy", "POST", "/messages/"+string(sent.Message)+"/acknowledgement", nil)
	if done.status != http.StatusOK {
		t.Fatalf("acknowledging: %d %s", done.status, done.body)
	}
	own := into[items[bridge.HistoryItem]](t, w.call("gp", "GET", target, nil, api.HeaderFresh, "1"), http.StatusOK)
	if d := own.Items[0].Deliveries; len(d) != 1 || d[0].AckedAt.IsZero() {
		t.Errorf("the sender's account: %+v", d)
	}
}

func TestAmending(t *testing.T) {
	w := newWorld(t)
	conv := w.open("gp", bridge.PurposeTreatment, "", "psy")
	sent := into[bridge.Sent](t, w.call("gp", "POST", "/conversations/"+string(conv.ID)+"/messages", message("500 mg", bridge.TopicMedication)), http.StatusCreated)
	m := "/messages/" + string(sent.Message)
	edit := map[string]any{"parts": []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: "50 mg"}}, "reason": "a digit too many"}
	into[bridge.Message](t, w.call("gp", "POST", m+"/amendments", edit), http.StatusCreated)
	if other := w.call("psy", "POST", m+"/amendments", edit); other.status != http.StatusForbidden {
		t.Errorf("another's message: %d", other.status)
	}
	old := into[items[bridge.Version]](t, w.call("gp", "GET", m+"/versions", nil), http.StatusOK)
	if len(old.Items) != 1 || old.Items[0].Parts[0].Text != "500 mg" {
		t.Errorf("versions: %+v", old.Items)
	}
	if diff := cmp.Diff([]string{"50 mg"}, w.read("psy", conv.ID)); diff != "" {
		t.Error(diff)
	}
}
