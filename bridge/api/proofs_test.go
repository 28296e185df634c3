// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// text asks for what anybody may, without a token.
func (w *world) text(path string, status int) string {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if res.StatusCode != status {
		w.t.Fatalf("%s: %d %s", path, res.StatusCode, raw)
	}
	return string(raw)
}

// Who has no account gets the key, the heads, and the proof that the tree only
// grows; and with the key, what a patient was given is verified.
func TestAnybodyCanWatchTheTree(t *testing.T) {
	w := newWorld(t)
	w.text("/ledger/checkpoint", http.StatusNotFound) // nothing is signed yet
	conv := w.open("gp", bridge.PurposeTreatment, "", "treating-psychiatrist")
	sign := func() ledger.Checkpoint {
		if err := w.Sequence(t.Context()); err != nil {
			t.Fatal(err)
		}
		key, err := ledger.ParseVerifier(strings.TrimSpace(w.text("/ledger/key", http.StatusOK)))
		if err != nil {
			t.Fatal(err)
		}
		c, err := ledger.OpenCheckpoint([]byte(w.text("/ledger/checkpoint", http.StatusOK)), key)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := sign()
	w.call("gp", "POST", "/conversations/"+string(conv.ID)+"/messages", message("Again", bridge.TopicMedication))
	second := sign()
	var proof []ledger.Hash
	for _, line := range strings.Fields(w.text(fmt.Sprintf("/ledger/consistency?old=%d&size=%d", first.Size, second.Size), http.StatusOK)) {
		var h ledger.Hash
		if err := h.UnmarshalJSON([]byte(`"` + line + `"`)); err != nil {
			t.Fatal(err)
		}
		proof = append(proof, h)
	}
	if err := ledger.CheckPrefix(proof, second.Size, second.Root, first.Size, first.Root); err != nil || second.Size <= first.Size {
		t.Errorf("from %d to %d: %v", first.Size, second.Size, err)
	}
	w.text("/ledger/consistency?old=9999", http.StatusBadRequest)
	w.text("/ledger/consistency?old=x", http.StatusBadRequest)
	w.text("/ledger/checkpoint?cosigned=1", http.StatusNotFound)
	w.text("/witness/x/checkpoint", http.StatusNotFound)
}

func TestProofsOverHTTP(t *testing.T) {
	w := newWorld(t)
	w.open("gp", bridge.PurposeTreatment, "", "treating-psychiatrist")
	file := w.call("jens", "GET", "/patients/jens/export", nil)
	r, err := ledger.VerifyExport(bytes.NewReader(file.body), ledger.Trust{Log: w.Log.Verifier()})
	if err != nil || !r.Whole() || r.Entries == 0 || file.header.Get("Content-Type") != "application/jsonl" {
		t.Errorf("%d %s: %+v, %v", file.status, file.header, r, err)
	}
	got := into[struct{ Receipt string }](t, w.call("jens", "GET", "/patients/jens/entries/1/receipt", nil), http.StatusOK)
	receipt, err := ledger.ParseReceipt([]byte(got.Receipt))
	if err != nil {
		t.Fatal(err)
	}
	if e, _, err := receipt.Open(w.Log.Verifier()); err != nil || e.Patient != "jens" {
		t.Errorf("%+v, %v", e, err)
	}
	for _, target := range []string{"/patients/jens/export", "/patients/jens/entries/1/receipt", "/patients/nobody/export"} {
		if a := w.call("gp-other", "GET", target, nil); a.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	page := into[items[bridge.EntryView]](t, w.call("jens", "GET", "/patients/jens/entries?language=fa", nil), http.StatusOK)
	if len(page.Items) == 0 || !strings.Contains(page.Items[0].Sentence, "توسط") && !strings.Contains(page.Items[0].Sentence, "شما") {
		t.Errorf("%+v", page.Items)
	}
	if a := w.call("jens", "GET", "/patients/jens/entries?language=xx", nil); a.status != http.StatusBadRequest {
		t.Errorf("%d %s", a.status, a.body)
	}
}
