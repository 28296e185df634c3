// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
)

func TestUpload(t *testing.T) {
	const target = "/api/v1/attachments?patient=jens&topics=medication,mental-health"
	full := strings.Repeat("x", bridge.MaxAttachment)
	for _, c := range []struct {
		name, target, disposition, body string
		status                          int
	}{
		{"a file", target, `attachment; filename="list.pdf"`, "%PDF", 201},
		{"a name in Danish", target, `attachment; filename*=UTF-8''%C3%A6.pdf`, "%PDF", 201},
		{"of the most bytes", target, `attachment; filename=x`, full, 201},
		{"of one more", target, `attachment; filename=x`, full + "x", 413},
		{"without a name", target, `attachment`, "%PDF", 400},
		{"without a disposition", target, ``, "%PDF", 400},
		{"empty", target, `attachment; filename=x`, "", 400},
		{"without topics", "/api/v1/attachments?patient=jens", `attachment; filename=x`, "%PDF", 400},
		{"of no topic that there is", target + ",gossip", `attachment; filename=x`, "%PDF", 400},
		{"about nobody", "/api/v1/attachments?topics=medication", `attachment; filename=x`, "%PDF", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := &verbs{}
			w := do(handler(t, v), "POST", c.target, c.body, "Content-Type", "application/octet-stream", "Content-Disposition", c.disposition)
			if w.Code != c.status || v.count() > 0 != (c.status == 201) {
				t.Fatalf("%d, %d calls, want %d: %.200s", w.Code, v.count(), c.status, w.Body)
			}
			if c.name == "a name in Danish" {
				want := []any{bridge.PatientID("jens"), "æ.pdf", []bridge.Topic{"medication", "mental-health"}, 4}
				if diff := cmp.Diff(want, v.calls[0]); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// TestUploadByAForm: what a browser sends from a form or as FormData.
func TestUploadByAForm(t *testing.T) {
	const target = "/api/v1/attachments?patient=jens&topics=medication"
	part := func(disposition, content string) string {
		return "--sep\r\nContent-Disposition: " + disposition + "\r\nContent-Type: application/pdf\r\n\r\n" + content + "\r\n"
	}
	named := `form-data; name="file"; filename="`
	full := strings.Repeat("x", bridge.MaxAttachment)
	for _, c := range []struct {
		name, body string
		status     int
	}{
		{"a file", part(named+`list.pdf"`, "%PDF") + "--sep--\r\n", 201},
		{"of the most bytes", part(named+`list.pdf"`, full) + "--sep--\r\n", 201},
		{"of one more", part(named+`list.pdf"`, full+"x") + "--sep--\r\n", 413},
		{"without a name", part(`form-data; name="file"`, "%PDF") + "--sep--\r\n", 400},
		{"two files", part(named+`a.pdf"`, "%PDF") + part(named+`b.pdf"`, "%PDF") + "--sep--\r\n", 400},
		{"cut short", part(named+`a.pdf"`, "%PDF"), 400},
		{"no form", "%PDF", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := &verbs{}
			w := do(handler(t, v), "POST", target, c.body, "Content-Type", "multipart/form-data; boundary=sep")
			if w.Code != c.status || v.count() > 0 != (c.status == 201) {
				t.Fatalf("%d, %d calls, want %d: %.200s", w.Code, v.count(), c.status, w.Body)
			}
			if c.name == "a file" {
				want := []any{bridge.PatientID("jens"), "list.pdf", []bridge.Topic{"medication"}, 4}
				if diff := cmp.Diff(want, v.calls[0]); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// TestAFileIsHarmless: whatever it holds, a browser keeps it apart and asks
// where to put it.
func TestAFileIsHarmless(t *testing.T) {
	v := &verbs{}
	w := do(handler(t, v), "GET", "/api/v1/attachments/f-01", "", api.HeaderFresh, "1")
	if w.Code != http.StatusOK || w.Body.String() != "%PDF-1.7" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type":            "application/pdf",
		"Content-Length":          "8",
		"Brobygger-Disclosure":    "d-01",
		"Content-Disposition":     "attachment; filename*=utf-8''Medicinliste%20%C3%A6.pdf",
		"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff",
		"Cache-Control":           "no-store",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if s := v.calls[0].([]any)[0].(bridge.Claimant); !s.Fresh {
		t.Error("the client's word about freshness was lost")
	}
}

// TestADownloadThatIsRefusedIsAProblem, not an empty file.
func TestADownloadThatIsRefusedIsAProblem(t *testing.T) {
	w := do(handler(t, &verbs{err: &bridge.Error{Code: bridge.CodeConsentWithdrawn}}), "GET", "/api/v1/attachments/f-01", "")
	if w.Code != http.StatusForbidden || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
}
