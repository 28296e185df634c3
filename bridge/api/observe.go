// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracing sends spans of HTTP calls to a collector. A span has the route's
// pattern, never the path, since a path holds ids.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// StartTracing sends spans to an OTLP/HTTP endpoint, a URL such as
// https://collector:4318/v1/traces; share, 0 to 1, is how many calls are traced.
// Whether a caller asks to be traced counts for nothing.
func StartTracing(ctx context.Context, endpoint, version string, share float64) (*Tracing, error) {
	// The exporter takes what it can't read for its default address.
	if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("starting traces: the endpoint is not an http or https URL")
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint))
	if err != nil {
		return nil, fmt.Errorf("starting traces: %w", err)
	}
	return newTracing(sdktrace.WithBatcher(exporter), version, share), nil
}

func newTracing(to sdktrace.TracerProviderOption, version string, share float64) *Tracing {
	p := sdktrace.NewTracerProvider(to,
		sdktrace.WithSampler(sdktrace.TraceIDRatioBased(share)),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "brobygger"), attribute.String("service.version", version))))
	return &Tracing{provider: p, tracer: p.Tracer("github.com/brobygger/brobygger/bridge/api")}
}

// Close sends what is left.
func (t *Tracing) Close(ctx context.Context) error {
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("closing traces: %w", err)
	}
	return nil
}

// start begins a span under the caller's, if it sent one (W3C Trace Context).
func (t *Tracing) start(r *http.Request) (context.Context, func(route string, status int)) {
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, "http", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(route string, status int) {
		span.SetName(route)
		span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
		span.End()
	}
}

// observe measures and traces each call by its route.
func (a *api) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		end := func(string, int) {}
		if a.Tracing != nil {
			ctx, done := a.Tracing.start(r)
			r, end = r.WithContext(ctx), done
		}
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			route := r.Pattern // set by the mux
			if route == "" || route == "/" {
				route = "none"
			}
			a.Metrics.called(route, rec.status, time.Since(begin))
			end(route, rec.status)
		}()
		next.ServeHTTP(rec, r)
	})
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
