// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/brobygger/brobygger/bridge"
)

// These tests look inside: at the document before it is written, and at spans
// before they leave.

// TestExamplesAreOfTheirSchema reads every example back through the schema that
// stands beside it.
func TestExamplesAreOfTheirSchema(t *testing.T) {
	doc := newAPI(Config{}, http.NewServeMux()).huma.OpenAPI()
	used := 0
	check := func(where string, mode huma.ValidateMode, content map[string]*huma.MediaType) {
		for name, m := range content {
			if m.Example == nil {
				if strings.HasSuffix(name, "json") {
					t.Errorf("%s: %s has no example", where, name)
				}
				continue
			}
			used++
			raw, err := json.Marshal(m.Example)
			if err != nil {
				t.Fatal(err)
			}
			var value any
			if err := json.Unmarshal(raw, &value); err != nil {
				t.Fatal(err)
			}
			res := &huma.ValidateResult{}
			huma.Validate(doc.Components.Schemas, m.Schema, huma.NewPathBuffer(nil, 0), mode, value, res)
			for _, e := range res.Errors {
				t.Errorf("%s: %v", where, e)
			}
		}
	}
	for name, r := range doc.Components.Responses {
		check(name, huma.ModeReadFromServer, r.Content)
	}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			if op.RequestBody != nil {
				check(op.OperationID+" call", huma.ModeWriteToServer, op.RequestBody.Content)
			}
			for status, r := range op.Responses {
				check(op.OperationID+" "+status, huma.ModeReadFromServer, r.Content)
			}
		}
	}
	if used < 50 {
		t.Errorf("only %d examples", used)
	}
}

func TestEveryCodeHasWords(t *testing.T) {
	for code := range bridge.Outcomes {
		for _, language := range []string{danish, english} {
			if titles[language][code] == "" {
				t.Errorf("%s has no words in %s", code, language)
			}
		}
	}
	for language, words := range titles {
		if len(words) != len(bridge.Outcomes) {
			t.Errorf("%s says more than there is", language)
		}
	}
}

func TestSpansHoldNoIds(t *testing.T) {
	kept := tracetest.NewInMemoryExporter()
	a := &api{Config: Config{Tracing: newTracing(sdktrace.WithSyncer(kept), "v", 1)}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/patients/{patient}/entries", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	r := httptest.NewRequest("GET", "/api/v1/patients/jens-01/entries?after=jens-02", nil)
	r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
	a.observe(mux).ServeHTTP(httptest.NewRecorder(), r)
	spans := kept.GetSpans()
	if len(spans) != 1 {
		t.Fatalf("%d spans, want 1", len(spans))
	}
	s := spans[0]
	if s.Name != "GET /api/v1/patients/{patient}/entries" || s.Parent.TraceID().String() != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("span %q under %s", s.Name, s.Parent.TraceID())
	}
	all, err := json.Marshal(s.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(all), "jens") || !strings.Contains(string(all), "418") {
		t.Errorf("attributes %s", all)
	}
}

// TestALimiterForgets, but never a bucket that is in use while others are not.
func TestALimiterForgets(t *testing.T) {
	l := newLimiter[int](1e-9, 2)
	l.take(-1)
	l.take(-1)
	for k := range maxBuckets - 1 {
		l.buckets[k] = newLimiter[int](1, 2).fresh()
	}
	if _, ok := l.take(-2); !ok {
		t.Error("a new key has no share")
	}
	if _, ok := l.take(-1); ok {
		t.Error("a bucket in use was forgotten")
	}
	if len(l.buckets) > 3 {
		t.Errorf("%d buckets are remembered", len(l.buckets))
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":{"a":1},"b":[1,"x",null,true]}`, `{"a":1,"a":2}`, `[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]`, "\"\xff\"", `{"a":1}{}`, `{"a"`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		if err := decode(data, &v); err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatal("taken, and not JSON")
		}
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := decode(again, new(any)); err != nil {
			t.Fatalf("what was taken is not taken again: %v", err)
		}
	})
}
