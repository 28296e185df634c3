// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/brobygger/brobygger/bridge/api"
)

// TestTracesReachACollector, by the time that Close returns, and hold no ids.
func TestTracesReachACollector(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	got := make(chan string, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- r.URL.Path + " " + string(body)
		w.WriteHeader(http.StatusOK)
	}))
	defer collector.Close()
	tracing, err := api.StartTracing(t.Context(), collector.URL+"/v1/traces", "1.2.3", 1)
	if err != nil {
		t.Fatal(err)
	}
	h := handler(t, &verbs{}, func(c *api.Config) { c.Tracing = tracing })
	do(h, "GET", "/api/v1/patients/jens/care-team", "")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := tracing.Close(ctx); err != nil {
		t.Fatal(err)
	}
	sent := <-got
	for _, want := range []string{"/v1/traces ", "GET /api/v1/patients/{patient}/care-team", "brobygger", "1.2.3"} {
		if !strings.Contains(sent, want) {
			t.Errorf("%s was not sent", want)
		}
	}
	if strings.Contains(sent, "jens") {
		t.Error("a patient's id was sent")
	}
}

func TestTracesNeedAnAddress(t *testing.T) {
	for _, endpoint := range []string{"", "://", "collector:4318", "ftp://collector", "https://"} {
		if _, err := api.StartTracing(t.Context(), endpoint, "1.2.3", 1); err == nil {
			t.Errorf("traces to %q were started", endpoint)
		}
	}
}
