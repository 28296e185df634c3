// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/api"
)

// scrape reads the counters as Prometheus does.
func scrape(t *testing.T, m *api.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("scraping: %d", w.Code)
	}
	return w.Body.String()
}

func TestWhatPassesIsCounted(t *testing.T) {
	m := api.NewMetrics()
	m.Decided(bridge.ActionSend, true, "", time.Millisecond)
	m.Decided(bridge.ActionRead, false, "objection", time.Millisecond)
	m.Sent(bridge.MessageHeld)
	m.Delivered(20 * time.Millisecond)
	m.Withheld("consent_withdrawn")
	m.Committed(3, time.Millisecond)
	m.Sessions(3)
	m.Sessions(-1)
	m.Queue(5)
	m.Ended(bridge.CloseSlow)
	m.Dropped()
	m.Gauge("disk_free_bytes", "Free.", func() float64 { return 7 })
	m.Counter("slow_readers_total", "Sessions cut for reading too slowly.", func() float64 { return 2 })
	do(handler(t, &verbs{}, func(c *api.Config) { c.Metrics = m }), "GET", "/api/v1/patients/jens/care-team", "")
	got := scrape(t, m)
	for _, want := range []string{
		`brobygger_decisions_total{action="send",outcome="allow",reason="none"} 1`,
		`brobygger_decisions_total{action="read",outcome="deny",reason="objection"} 1`,
		`brobygger_decision_seconds_count{action="send"} 1`,
		`brobygger_sends_total{state="held"} 1`,
		`brobygger_send_to_shown_seconds_count 1`,
		`brobygger_withheld_total{reason="consent_withdrawn"} 1`,
		`brobygger_commit_batch_size_sum 3`,
		`brobygger_commit_seconds_count 1`,
		`brobygger_sessions 2`,
		`brobygger_queue_depth_frames_sum 5`,
		`brobygger_sessions_ended_total{code="4001"} 1`,
		`brobygger_pushes_dropped_total 1`,
		`brobygger_disk_free_bytes 7`,
		`brobygger_slow_readers_total 2`,
		`brobygger_http_request_seconds_count{route="GET /api/v1/patients/{patient}/care-team",status="200"} 1`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("missing %s", want)
		}
	}
	if strings.Contains(got, "jens") {
		t.Error("a patient's id is a label")
	}
}

// TestLabelsAreCodes: what does not look like a code is counted as other.
func TestLabelsAreCodes(t *testing.T) {
	m := api.NewMetrics()
	for _, reason := range []bridge.Code{"Jens Hansen", "010180-0000", "æ", bridge.Code(strings.Repeat("a", 49)), "a\nb"} {
		m.Withheld(reason)
	}
	if got := scrape(t, m); !strings.Contains(got, `brobygger_withheld_total{reason="other"} 5`+"\n") {
		t.Error("labels were taken as they came")
	}
}

func TestMetricsMayStandElsewhere(t *testing.T) {
	m := api.NewMetrics()
	here := handler(t, &verbs{}, func(c *api.Config) { c.Metrics = m })
	elsewhere := handler(t, &verbs{}, func(c *api.Config) { c.Metrics, c.MetricsElsewhere = m, true })
	if w := do(here, "GET", "/metrics", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "go_goroutines") {
		t.Errorf("here: %d", w.Code)
	}
	if w := do(elsewhere, "GET", "/metrics", ""); w.Code != 404 {
		t.Errorf("elsewhere: %d", w.Code)
	}
}
