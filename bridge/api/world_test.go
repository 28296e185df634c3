// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
	"github.com/brobygger/brobygger/bridge/bridgetest"
	"github.com/brobygger/brobygger/bridge/wire"
)

// world is a whole bridge behind HTTP, on a port of its own.
type world struct {
	*bridgetest.World
	t       *testing.T
	url     string
	metrics *api.Metrics
	over    chan struct{} // something when an answer that was cut off has ended
}

// names signs the people of the region in by their names.
type names struct{}

func (names) Verify(token string) (bridge.Identity, error) { return bridgetest.Identity(token), nil }

func newWorld(t *testing.T) *world {
	t.Helper()
	m := api.NewMetrics()
	w := &world{World: bridgetest.New(t, bridgetest.WithMeter(m)), t: t, metrics: m, over: make(chan struct{}, 1)}
	h, err := api.New(api.Config{Bridge: w.Bridge, Verifier: names{}, Metrics: m, Limits: api.Limits{PerCaller: -1, PerIP: -1}})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		began := time.Now()
		h.ServeHTTP(rw, r)
		if time.Since(began) >= wire.Fresh {
			select {
			case w.over <- struct{}{}:
			default:
			}
		}
	}))
	t.Cleanup(s.Close)
	w.url = s.URL
	return w
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// into decodes the answer, or fails the test with what came instead.
func into[T any](t *testing.T, a answer, status int) T {
	t.Helper()
	var v T
	if a.status != status {
		t.Fatalf("%d, want %d: %s", a.status, status, a.body)
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("reading %s: %v", a.body, err)
	}
	return v
}

// call makes one call as somebody of the region. body is a value for JSON, a
// []byte as it is, or nil.
func (w *world) call(as, method, target string, body any, headers ...string) answer {
	w.t.Helper()
	var content io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case []byte:
		content, kind = bytes.NewReader(b), "application/octet-stream"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+"/api/v1"+target, content)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+as)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Accept-Language", "en")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
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
	return answer{res.StatusCode, res.Header, raw}
}

// items is a list as it comes back.
type items[T any] struct {
	Items    []T    `json:"items"`
	Complete bool   `json:"complete"`
	Next     uint64 `json:"next"`
}

// open opens a conversation about jens.
func (w *world) open(as string, purpose bridge.Purpose, matter, with string) bridge.Conversation {
	w.t.Helper()
	return into[bridge.Conversation](w.t, w.call(as, "POST", "/conversations", bridge.NewConversation{
		MID: bridgetest.MID(), Patient: "jens", Purpose: purpose, Case: matter, Members: []bridge.Party{bridgetest.Party(with)},
	}), http.StatusCreated)
}

// message is a body for send-message.
func message(text string, topics ...bridge.Topic) map[string]any {
	return map[string]any{"mid": bridgetest.MID(), "parts": []bridge.Part{{Topics: topics, Text: text}}}
}

// read reads a conversation as a client that keeps the rule, and says that it
// showed what it got.
func (w *world) read(as string, conv bridge.ConversationID) []string {
	w.t.Helper()
	page := into[items[bridge.HistoryItem]](w.t, w.call(as, "GET", "/conversations/"+string(conv)+"/messages", nil, api.HeaderFresh, "1"), http.StatusOK)
	texts, claims := []string{}, []bridge.DisclosureID{}
	for _, i := range page.Items {
		text := fmt.Sprint(i.Withheld)
		if len(i.Withheld) == 0 {
			text = i.Message.Parts[0].Text
		}
		texts = append(texts, text)
		if i.Disclosure != "" {
			claims = append(claims, i.Disclosure)
		}
	}
	if len(claims) > 0 {
		closed := w.call(as, "POST", "/disclosures/close", map[string]any{"claims": claims, "state": "shown"})
		if closed.status != http.StatusNoContent {
			w.t.Fatalf("closing: %d %s", closed.status, closed.body)
		}
	}
	return texts
}

// consent has jens read a text and give the consent.
func (w *world) consent(scope bridge.Scope, request bridge.RequestID) bridge.Consent {
	w.t.Helper()
	text := into[bridge.ConsentText](w.t, w.call("jens", "POST", "/consents/text",
		map[string]any{"patient": "jens", "scope": scope, "language": "da"}), http.StatusOK)
	if !strings.Contains(text.Body, "Du bestemmer") {
		w.t.Errorf("the text is %q", text.Body)
	}
	n := bridge.NewGrant{MID: bridgetest.MID(), Patient: "jens", Request: request, Language: "da", TextHash: text.Hash}
	if request == "" {
		n.Scope = &scope
	}
	change := into[bridge.Change](w.t, w.call("jens", "POST", "/consents/preview", n), http.StatusOK)
	if len(change.Gain) == 0 {
		w.t.Errorf("the preview says that nobody gains by %+v", scope)
	}
	return into[bridge.Consent](w.t, w.call("jens", "POST", "/consents", n), http.StatusCreated)
}
