// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
	"github.com/brobygger/brobygger/bridge/bridgetest"
)

// slowly asks for a target over a line of its own, takes so many bytes of the
// body, and no more until the bridge has given up; then what is still on its way.
func (w *world) slowly(as, target string, take int) (claim string, got []byte) {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
		w.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET /api/v1%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s: 1\r\n\r\n", target, as, api.HeaderFresh); err != nil {
		w.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
	if err != nil || res.StatusCode != http.StatusOK {
		w.t.Fatalf("%v, %v", res, err)
	}
	got = make([]byte, take)
	if _, err := io.ReadFull(res.Body, got); err != nil {
		w.t.Fatal(err)
	}
	<-w.over // the bridge has ended this answer
	rest, err := io.ReadAll(res.Body)
	if err == nil {
		w.t.Fatalf("all of it came, %d bytes", take+len(rest))
	}
	return res.Header.Get("Brobygger-Disclosure"), append(got, rest...)
}

// TestASlowReaderGetsALargeFileInPieces: what did not arrive within three seconds
// goes on where it was cut off, each piece behind a claim of its own; and a
// withdrawal in between stops the next one.
func TestASlowReaderGetsALargeFileInPieces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.consent(bridgetest.Scope("sw", "gp", bridge.PurposeSocialCasework, "c-1", bridge.TopicMedication), "")
	content := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("0123456789abcdef"), bridge.MaxAttachment/16-1)...)
	file := into[bridge.Attachment](t, w.call("sw", "POST", "/attachments?patient=jens&topics=medication", content,
		"Content-Disposition", "attachment; filename=scan.pdf"), http.StatusCreated)
	conv := w.open("sw", bridge.PurposeSocialCasework, "c-1", "gp")
	into[bridge.Sent](t, w.call("sw", "POST", "/conversations/"+string(conv.ID)+"/messages",
		map[string]any{"mid": bridgetest.MID(), "attachments": []any{file.ID}}), http.StatusCreated)

	target := "/attachments/" + string(file.ID)
	claim, got := w.slowly("gp", target, 1<<20)
	claims := map[string]bool{claim: true}
	for len(got) < len(content) {
		w.end(claim, bridge.DisclosureStale)
		to := min(len(got)+2<<20, len(content))
		a := w.call("gp", "GET", target, nil, api.HeaderFresh, "1", "Range", fmt.Sprintf("bytes=%d-%d", len(got), to-1))
		want := fmt.Sprintf("bytes %d-%d/%d", len(got), to-1, len(content))
		if a.status != http.StatusPartialContent || a.header.Get("Content-Range") != want || len(a.body) != to-len(got) {
			t.Fatalf("%d %s, %d bytes, want %s", a.status, a.header.Get("Content-Range"), len(a.body), want)
		}
		if claim = a.header.Get("Brobygger-Disclosure"); claims[claim] {
			t.Fatal("two pieces have one claim")
		}
		claims[claim] = true
		got = append(got, a.body...)
	}
	w.end(claim, bridge.DisclosureShown)
	if !bytes.Equal(got, content) {
		t.Error("the pieces are not the file")
	}

	if a := w.call("gp", "GET", target, nil, api.HeaderFresh, "1", "Range", "bytes=20000000-"); a.status != http.StatusBadRequest {
		t.Errorf("a piece behind the end: %d", a.status)
	}
	all := into[items[bridge.Consent]](t, w.call("jens", "GET", "/consents?patient=jens", nil), http.StatusOK)
	taken := into[bridge.Withdrawal](t, w.call("jens", "POST", "/consents/"+string(all.Items[0].ID)+"/withdrawal", map[string]any{"patient": "jens"}), http.StatusOK)
	if len(taken.Unconfirmed) != 0 || taken.Disclosures < len(claims) {
		t.Errorf("%d disclosures, %d unconfirmed", taken.Disclosures, len(taken.Unconfirmed))
	}
	if a := w.call("gp", "GET", target, nil, api.HeaderFresh, "1", "Range", "bytes=0-9"); a.status != http.StatusForbidden || bytes.Contains(a.body, content[:9]) {
		t.Errorf("behind the withdrawal: %d %.100s", a.status, a.body)
	}
}

// end says what became of a claim.
func (w *world) end(claim string, s bridge.DisclosureState) {
	w.t.Helper()
	a := w.call("gp", "POST", "/disclosures/close", map[string]any{"claims": []string{claim}, "state": s})
	if claim == "" || a.status != http.StatusNoContent {
		w.t.Fatalf("closing %q: %d %s", claim, a.status, a.body)
	}
}

// TestRanges: one range of bytes is a piece; what is something else is not asked
// for, and one that holds nothing is wrong.
func TestRanges(t *testing.T) {
	for header, want := range map[string]string{ // of "%PDF-1.7"
		"":                    "200  %PDF-1.7",
		"bytes=0-3":           "206 bytes 0-3/8 %PDF",
		"bytes=5-":            "206 bytes 5-7/8 1.7",
		"bytes=5-100":         "206 bytes 5-7/8 1.7",
		"bytes=-3":            "206 bytes 5-7/8 1.7",
		"bytes=-100":          "206 bytes 0-7/8 %PDF-1.7",
		"bytes=7-7":           "206 bytes 7-7/8 7",
		"bytes=0-1,4-5":       "200  %PDF-1.7",
		"bytes=3-1":           "200  %PDF-1.7",
		"bytes=a-":            "200  %PDF-1.7",
		"lines=0-3":           "200  %PDF-1.7",
		"bytes=8-":            "400",
		"bytes=-0":            "400",
		"bytes=4294967296-":   "200  %PDF-1.7",
		"bytes=0-99999999999": "200  %PDF-1.7",
	} {
		v := &verbs{}
		a := do(handler(t, v), "GET", "/api/v1/attachments/f-01", "", api.HeaderFresh, "1", "Range", header)
		got := fmt.Sprint(a.Code)
		if a.Code < 400 {
			got = fmt.Sprintf("%d %s %s", a.Code, a.Header().Get("Content-Range"), a.Body)
		}
		if (v.count() == 2) != (a.Code == http.StatusBadRequest) {
			t.Errorf("%q: %d calls; a claim that nothing leaves on is closed", header, v.count())
		}
		if got != want || a.Code < 400 && a.Header().Get("Accept-Ranges") != "bytes" {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}
