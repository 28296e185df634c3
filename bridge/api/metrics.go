// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/brobygger/brobygger/bridge"
)

// Metrics counts what passes, for Prometheus. It is the bridge's Meter, and has
// a plain method for each thing that hub and store count. Labels are codes, states
// and routes; none comes from a person.
type Metrics struct {
	registry *prometheus.Registry

	decisions *prometheus.CounterVec
	deciding  *prometheus.HistogramVec
	sends     *prometheus.CounterVec
	shown     prometheus.Histogram
	withheld  *prometheus.CounterVec
	batch     prometheus.Histogram
	commit    prometheus.Histogram
	http      *prometheus.HistogramVec
	sessions  prometheus.Gauge
	queue     prometheus.Histogram
	ended     *prometheus.CounterVec
	dropped   prometheus.Counter
	limits    *prometheus.CounterVec
	panics    prometheus.Counter
	bundles   *prometheus.CounterVec
	shadowed  *prometheus.CounterVec
}

var _ bridge.Meter = (*Metrics)(nil)

// NewMetrics returns counters of their own registry, with those of the process
// and of Go's runtime.
func NewMetrics() *Metrics {
	fast := []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1}
	slow := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "brobygger", Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "brobygger", Name: name, Help: help, Buckets: buckets})
	}
	byLabel := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "brobygger", Name: name, Help: help, Buckets: buckets}, labels)
	}
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		decisions: counter("decisions_total", "Decisions of the gate, by action, outcome and first reason.", "action", "outcome", "reason"),
		deciding:  byLabel("decision_seconds", "Time that a decision took.", fast, "action"),
		sends:     counter("sends_total", "Messages taken from senders, by state.", "state"),
		shown:     histogram("send_to_shown_seconds", "Time from acceptance until a recipient's client said that it showed the message.", slow),
		withheld:  counter("withheld_total", "Content that was not handed over, by reason.", "reason"),
		batch:     histogram("commit_batch_size", "Transactions that shared one commit.", []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}),
		commit:    histogram("commit_seconds", "Time until a commit was durable.", slow),
		http:      byLabel("http_request_seconds", "Time of HTTP calls, by route and status.", slow, "route", "status"),
		sessions:  prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "brobygger", Name: "sessions", Help: "Live connections of proven identity."}),
		queue:     histogram("queue_depth_frames", "Frames in a connection's queue, at each frame added.", []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}),
		ended:     counter("sessions_ended_total", "Connections that ended, by close code; 0 where the client or the network ended it.", "code"),
		dropped:   prometheus.NewCounter(prometheus.CounterOpts{Namespace: "brobygger", Name: "pushes_dropped_total", Help: "Ephemeral pushes left out of a queue that was half full."}),
		limits:    counter("rate_limited_total", "Calls and commands refused for their number, by what was counted.", "by"),
		panics:    prometheus.NewCounter(prometheus.CounterOpts{Namespace: "brobygger", Name: "http_panics_total", Help: "Panics in HTTP handlers."}),
		bundles:   counter("policy_bundles_total", "Policy bundles that were read, by what became of them.", "outcome"),
		shadowed:  counter("policy_shadow_total", "Decisions that a candidate was asked for beside the policy, by how they came out.", "outcome", "action"),
	}
	m.registry.MustRegister(m.bundles, m.shadowed, m.decisions, m.deciding, m.sends, m.shown, m.withheld, m.batch, m.commit, m.http,
		m.sessions, m.queue, m.ended, m.dropped, m.limits, m.panics,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the counters. It tells nothing of anybody, and asks for no token.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Gauge shows what read returns, under brobygger_ and the name: say, free bytes on
// the disk. read is called at each scrape and must be quick.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "brobygger", Name: name, Help: help}, read))
}

// Counter shows what read returns, a number that only grows, under brobygger_ and
// the name.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "brobygger", Name: name, Help: help}, read))
}

// Decided implements bridge.Meter.
func (m *Metrics) Decided(action bridge.Action, allowed bool, reason bridge.Code, took time.Duration) {
	outcome := "deny"
	if allowed {
		outcome = "allow"
	}
	m.decisions.WithLabelValues(label(action), outcome, label(reason)).Inc()
	m.deciding.WithLabelValues(label(action)).Observe(took.Seconds())
}

// Sent implements bridge.Meter.
func (m *Metrics) Sent(state bridge.MessageState) { m.sends.WithLabelValues(label(state)).Inc() }

// Delivered implements bridge.Meter.
func (m *Metrics) Delivered(took time.Duration) { m.shown.Observe(took.Seconds()) }

// Withheld implements bridge.Meter.
func (m *Metrics) Withheld(reason bridge.Code) { m.withheld.WithLabelValues(label(reason)).Inc() }

// Sessions counts connections that come and go.
func (m *Metrics) Sessions(delta int) { m.sessions.Add(float64(delta)) }

// Queue counts how long a connection's queue is at each frame added.
func (m *Metrics) Queue(frames int) { m.queue.Observe(float64(frames)) }

// Ended counts a connection's end by its close code.
func (m *Metrics) Ended(closeCode int) { m.ended.WithLabelValues(itoa(closeCode)).Inc() }

// Dropped counts an ephemeral push that was left out.
func (m *Metrics) Dropped() { m.dropped.Inc() }

// Limited counts a command that was refused, since its sender had sent too many on
// all connections.
func (m *Metrics) Limited() { m.limited("person") }

// Committed counts a durable commit of n transactions.
func (m *Metrics) Committed(n int, took time.Duration) {
	m.batch.Observe(float64(n))
	m.commit.Observe(took.Seconds())
}

func (m *Metrics) called(route string, status int, took time.Duration) {
	if m != nil {
		m.http.WithLabelValues(route, itoa(status)).Observe(took.Seconds())
	}
}

func (m *Metrics) limited(by string) {
	if m != nil {
		m.limits.WithLabelValues(by).Inc()
	}
}

func (m *Metrics) panicked() {
	if m != nil {
		m.panics.Inc()
	}
}

// Loaded counts a policy bundle that was activated, or refused.
func (m *Metrics) Loaded(ok bool) {
	outcome := "refused"
	if ok {
		outcome = "activated"
	}
	m.bundles.WithLabelValues(outcome).Inc()
}

// Shadowed counts a decision of a candidate beside the policy: same, gain, lose or
// error.
func (m *Metrics) Shadowed(outcome string, action bridge.Action) {
	m.shadowed.WithLabelValues(label(outcome), label(action)).Inc()
}

// Policy shows which policy decides, as brobygger_policy_info with a value of 1:
// nodes that disagree for long are an alarm. read is called at each scrape.
func (m *Metrics) Policy(read func() (revision, sha256 string)) {
	m.registry.MustRegister(policyInfo{read})
}

// policyInfo is a gauge whose labels are read at each scrape.
type policyInfo struct {
	read func() (revision, sha256 string)
}

var policyDesc = prometheus.NewDesc("brobygger_policy_info", "The policy that decides now.", []string{"revision", "sha256"}, nil)

// Describe implements prometheus.Collector.
func (policyInfo) Describe(to chan<- *prometheus.Desc) { to <- policyDesc }

// Collect implements prometheus.Collector.
func (p policyInfo) Collect(to chan<- prometheus.Metric) {
	revision, sum := p.read()
	to <- prometheus.MustNewConstMetric(policyDesc, prometheus.GaugeValue, 1, revision, sum)
}

// label lets only what looks like a code become a label, so that no mistake
// elsewhere can put a person, or a series without end, into the counters.
func label[S ~string](s S) string {
	if s == "" {
		return "none"
	}
	if len(s) > 48 {
		return "other"
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && c != '_' && c != '-' {
			return "other"
		}
	}
	return string(s)
}
