// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Options say which law an Engine applies. The zero Options are Danish law.
type Options struct {
	Data   []byte        // YAML in the shape of data/dk.yaml; nil: Danish law
	Texts  fs.FS         // one file a language in the shape of texts/da.yaml; nil: Danish law's
	Budget time.Duration // longest evaluation, which then denies; 0: 250 ms
	// Patients bounds how many patients' records and decisions are kept, twice
	// over; 0: 1024, negative: nothing decided is kept.
	Patients int
}

// defaultBudget is thousands of times what an evaluation takes, since it is wall
// time: on a busy machine a thread can lose its core for tens of milliseconds,
// and a no for that reason helps nobody. It ends what went wrong, nothing else.
const defaultBudget = 250 * time.Millisecond

// Engine keeps bridge.Decider and bridge.Texts. It is safe for concurrent use.
type Engine struct {
	law     *law
	texts   map[string]*words
	log     map[string]*logWords
	program *program
	shelf   shelf
	nobody  *records // stands for a patient who does not exist
	keep    bool
	budget  time.Duration
}

var (
	_ bridge.Decider = (*Engine)(nil)
	_ bridge.Texts   = (*Engine)(nil)
)

// New compiles the policy: some 10 ms, once for the same data.
func New(o Options) (*Engine, error) {
	if o.Data == nil {
		o.Data = danish
	}
	if o.Texts == nil {
		var err error
		if o.Texts, err = fs.Sub(builtIn, "texts"); err != nil {
			return nil, fmt.Errorf("reading texts: %w", err)
		}
	}
	texts, err := readTexts(o.Texts)
	if err != nil {
		return nil, err
	}
	log, err := readLogTexts()
	if err != nil {
		return nil, err
	}
	l, all, err := readLaw(o.Data)
	if err != nil {
		return nil, err
	}
	p, err := compiled(all, o.Data)
	if err != nil {
		return nil, err
	}
	return o.engine(l, texts, log, p), nil
}

// engine puts one together.
func (o Options) engine(l *law, texts map[string]*words, log map[string]*logWords, p *program) *Engine {
	if o.Budget == 0 {
		o.Budget = defaultBudget
	}
	keep := o.Patients >= 0
	if o.Patients <= 0 {
		o.Patients = 1024
	}
	return &Engine{
		law: l, texts: texts, log: log, program: p, keep: keep, budget: o.Budget, nobody: l.newRecords(&bridge.Snapshot{}, false),
		shelf: shelf{size: o.Patients, young: map[*bridge.Snapshot]*records{}},
	}
}

// Revision names rules and data together: the same revision decides the same.
func (e *Engine) Revision() string { return e.program.revision }

var (
	errNoQuestion = errors.New("no question")
	errNoTime     = errors.New("question without an instant")
	errNoReason   = errors.New("policy denies without a reason")
)

// records returns what is kept of the snapshot, or a patient who does not exist.
func (e *Engine) records(s *bridge.Snapshot) *records {
	if s == nil {
		return e.nobody
	}
	return e.shelf.get(e.law, s)
}

// Decide implements bridge.Decider. The slices of the decision are shared: they
// must not be changed.
func (e *Engine) Decide(ctx context.Context, q *bridge.Question) (bridge.Decision, error) {
	if q == nil {
		return e.failed(errNoQuestion)
	}
	if q.Now.IsZero() {
		return e.failed(errNoTime)
	}
	r := e.records(q.Patient)
	hFrom, hTo := hashActor(&q.From), hashActor(&q.To)
	h := hashQuestion(q, hFrom, hTo)
	if e.keep && q.Patient != nil {
		if m, ok := r.recall(h, q); ok {
			return m.at(q.Now), nil
		}
	}
	input, s := r.question(e.law, q, hFrom, hTo)
	d, err := e.decide(ctx, q, input)
	if err != nil {
		return e.failed(err)
	}
	d.Revision, d.ValidUntil = e.program.revision, s.until
	if unrelated(d) { // an instant would tell that there is a patient
		d.ValidUntil = time.Time{}
	}
	if e.keep && q.Patient != nil {
		r.remember(h, q, s, d)
	}
	return d, nil
}

// failed is the no of a policy that could not answer.
func (e *Engine) failed(err error) (bridge.Decision, error) {
	return bridge.Decision{Reasons: []bridge.Code{"policy_error"}, Revision: e.program.revision},
		fmt.Errorf("deciding: %w", err)
}
