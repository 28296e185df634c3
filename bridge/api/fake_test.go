// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
)

// verbs stands where the bridge stands, to answer what a bridge can't be made to
// answer on demand: every error, a store that is away. It writes down what it was
// asked. A verb that a test did not expect panics.
type verbs struct {
	api.Verbs // nil

	err   error // what every verb answers
	store bridge.Store
	live  bridge.Live
	admin bool

	mu    sync.Mutex // guards the following field
	calls []any
}

func (v *verbs) called(args ...any) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls = append(v.calls, args)
	return v.err
}

func (v *verbs) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.calls)
}

func (v *verbs) Caller(_ context.Context, id bridge.Identity, role bridge.Ref) (bridge.Caller, error) {
	if role == "" {
		role = "PractitionerRole/holm-noerregade"
	}
	return bridge.Caller{Party: role, Person: "Practitioner/holm", Subject: id.Subject, Admin: v.admin}, nil
}

func (v *verbs) Roles(_ context.Context, id bridge.Identity) ([]bridge.RoleEntry, error) {
	return nil, v.called("roles", id.Subject)
}

func (v *verbs) Open(_ context.Context, c bridge.Caller, n bridge.NewConversation) (bridge.Conversation, error) {
	return bridge.Conversation{ID: "c-01", MID: n.MID, OpenedBy: c.Party}, v.called("open", n)
}

func (v *verbs) CareTeam(_ context.Context, _ bridge.Caller, p bridge.PatientID) ([]bridge.MemberView, error) {
	return nil, v.called("team", p)
}

func (v *verbs) Send(_ context.Context, _ bridge.Caller, d bridge.Draft) (bridge.Sent, error) {
	return bridge.Sent{Message: "m-01"}, v.called("send", d)
}

func (v *verbs) History(_ context.Context, _ bridge.Caller, s bridge.Claimant, q bridge.HistoryQuery) ([]bridge.HistoryItem, bool, error) {
	return nil, true, v.called(s, q)
}

func (v *verbs) Attach(_ context.Context, _ bridge.Caller, p bridge.PatientID, name string, topics []bridge.Topic, content []byte) (bridge.Attachment, error) {
	return bridge.Attachment{ID: "f-01", Size: len(content)}, v.called(p, name, topics, len(content))
}

func (v *verbs) Attachment(_ context.Context, _ bridge.Caller, s bridge.Claimant, _ bridge.AttachmentID) (bridge.Attachment, []byte, bridge.DisclosureID, error) {
	return bridge.Attachment{Name: "Medicinliste æ.pdf", Type: "application/pdf"}, []byte("%PDF-1.7"), "d-01", v.called(s)
}

func (v *verbs) Close(_ context.Context, _ bridge.Caller, claims []bridge.DisclosureID, s bridge.DisclosureState) error {
	return v.called("close", claims, s)
}

func (v *verbs) SignOut(_ context.Context, _ bridge.Caller, s bridge.Subject) error {
	return v.called("sign-out", s)
}

func (v *verbs) Disable(_ context.Context, _ bridge.Caller, s bridge.Subject) error {
	return v.called("disable", s)
}

func (v *verbs) Directory(_ context.Context, _ bridge.Caller, q bridge.DirectoryQuery) ([]bridge.RoleEntry, error) {
	if q.Text == "panic" {
		panic("Jens, 010180-0000")
	}
	return nil, v.called(q)
}

func (v *verbs) Texts() bridge.Texts { return texts{} }
func (v *verbs) Store() bridge.Store { return v.store }
func (v *verbs) Live() bridge.Live   { return v.live }

// texts says every code in two languages.
type texts struct{ bridge.Texts }

func (texts) Reason(c bridge.Code, language string) string { return language + ":" + string(c) }

func (texts) Remedy(k bridge.RemedyKind, language string) string { return language + ":" + string(k) }

// tokens are the sign-ins of these tests: "good" and "good:name" are right.
type tokens struct{}

func (tokens) Verify(token string) (bridge.Identity, error) {
	name, _ := strings.CutPrefix(token, "good")
	switch {
	case strings.HasPrefix(token, "good"):
		return bridge.Identity{Subject: bridge.Subject{Issuer: "https://idp.test", Name: "holm" + name}}, nil
	case token == "old":
		return bridge.Identity{}, &bridge.Error{Code: bridge.CodeTokenExpired}
	}
	return bridge.Identity{}, &bridge.Error{Code: bridge.CodeUnauthenticated}
}

// handler returns the whole HTTP face over v.
func handler(t *testing.T, v *verbs, change ...func(*api.Config)) http.Handler {
	t.Helper()
	c := api.Config{Bridge: v, Verifier: tokens{}, Log: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&c)
	}
	h, err := api.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// do makes one call with a good token; headers are name, value, name, value.
func do(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer good")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// store answers one question, or is away.
type store struct {
	bridge.Store
	err   error
	views int
}

func (s *store) View(context.Context, func(bridge.Tx) error) error { s.views++; return s.err }

type live struct {
	bridge.Live
	err error
}

func (l live) Healthy() error { return l.err }

var errAway = errors.New("away")

// opens is a body that open-conversation takes.
const opens = `{"mid":"conversation-01","patient":"jens","purpose":"treatment","members":[{"ref":"PractitionerRole/krogh-psyk"}]}`

// unread fails a test when anything is read from it.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read before the caller was known")
	return 0, io.EOF
}
