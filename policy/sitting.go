// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// sitting asks the rules about one input: what one query has found, the next
// knows. A timer ends it when it takes too long. It asks topdown itself, since
// package rego would make a map and a result set of every answer.
type sitting struct {
	program *program
	input   *ast.Term
	cancel  topdown.Cancel
	timer   *time.Timer
	found   found
}

var sittings = sync.Pool{New: func() any {
	c := topdown.NewCancel()
	t := time.AfterFunc(time.Hour, c.Cancel)
	t.Stop()
	return &sitting{cancel: c, timer: t}
}}

// sit begins a sitting, which done ends.
func (p *program) sit(budget time.Duration, input ast.Value) *sitting {
	s := sittings.Get().(*sitting)
	s.program, s.input = p, ast.NewTerm(input)
	s.timer.Reset(budget)
	return s
}

// done puts the sitting back, but for one whose time was up: that can't be undone.
func (s *sitting) done() {
	if s.timer.Stop() {
		s.program, s.input = nil, nil
		s.found.forget()
		sittings.Put(s)
	}
}

var (
	errUndefined = errors.New("policy gives no answer")
	errSeveral   = errors.New("policy gives several answers")
)

// ask evaluates one query. No answer, several, a conflict, an error of a built-in
// and a spent time budget are all errors.
func (s *sitting) ask(ctx context.Context, query string) (ast.Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("evaluating policy: %w", err)
	}
	var answer ast.Value
	take := func(r topdown.QueryResult) error {
		t := r[answerVar]
		if t == nil {
			return errUndefined
		}
		if answer != nil {
			return errSeveral
		}
		answer = t.Value
		return nil
	}
	p := s.program
	err := topdown.NewQuery(p.queries[query]).WithCompiler(p.compiler).WithStore(p.store).WithTransaction(p.txn).
		WithStrictBuiltinErrors(true).WithVirtualCache(&s.found).WithBaseCache(p.base).WithTime(unixEpoch).WithMetrics(noMetrics).
		WithCancel(s.cancel).WithInput(s.input).Iter(ctx, take)
	if err == nil && answer == nil {
		err = errUndefined
	}
	if err != nil {
		return nil, fmt.Errorf("evaluating policy: %w", err)
	}
	return answer, nil
}

// ask evaluates one query over an input that nothing else is asked about.
func (p *program) ask(ctx context.Context, budget time.Duration, query string, input ast.Value) (ast.Value, error) {
	s := p.sit(budget, input)
	defer s.done()
	return s.ask(ctx, query)
}

// base answers what the rules look up in the law. It holds all of it and never
// changes, so that nothing is read from the store, or kept by one evaluation.
type base struct{ data ast.Value }

var _ topdown.BaseCache = base{}

// Get implements topdown.BaseCache; nil is what the data does not hold.
func (b base) Get(ref ast.Ref) ast.Value {
	v, err := b.data.Find(ref[1:])
	if err != nil {
		return nil
	}
	return v
}

// Put implements topdown.BaseCache.
func (base) Put(ast.Ref, ast.Value) {}

// found keeps the values of rules, as topdown.VirtualCache asks. A decision looks
// at some tens of them: a list is searched faster than a trie is built.
type found struct {
	list   []finding
	frames []int // where the frames below the top one begin
	from   int   // where the top one begins
}

type finding struct {
	n     int // terms of the reference
	ref   [6]*ast.Term
	rest  ast.Ref   // what is behind the sixth
	value *ast.Term // nil: undefined
}

var _ topdown.VirtualCache = (*found)(nil)

func (f *finding) is(ref ast.Ref) bool {
	if f.n != len(ref) {
		return false
	}
	for i := f.n - 1; i >= 0; i-- { // the last terms differ most often
		t := ref[i]
		if i >= len(f.ref) {
			if !f.rest[i-len(f.ref)].Equal(t) {
				return false
			}
		} else if f.ref[i] != t && !f.ref[i].Equal(t) {
			return false
		}
	}
	return true
}

func (f *found) find(ref ast.Ref) *finding {
	for i := len(f.list) - 1; i >= f.from; i-- {
		if f.list[i].is(ref) {
			return &f.list[i]
		}
	}
	return nil
}

// Get implements topdown.VirtualCache.
func (f *found) Get(ref ast.Ref) (*ast.Term, bool) {
	if e := f.find(ref); e != nil {
		return e.value, e.value == nil
	}
	return nil, false
}

// Put implements topdown.VirtualCache. The evaluator uses ref again.
func (f *found) Put(ref ast.Ref, value *ast.Term) {
	e := f.find(ref)
	if e == nil {
		f.list = append(f.list, finding{n: len(ref)})
		e = &f.list[len(f.list)-1]
		if n := copy(e.ref[:], ref); n < len(ref) {
			e.rest = append(e.rest, ref[n:]...)
		}
	}
	e.value = value
}

// Push implements topdown.VirtualCache.
func (f *found) Push() { f.frames, f.from = append(f.frames, f.from), len(f.list) }

// Pop implements topdown.VirtualCache.
func (f *found) Pop() {
	clear(f.list[f.from:])
	f.list = f.list[:f.from]
	f.from, f.frames = f.frames[len(f.frames)-1], f.frames[:len(f.frames)-1]
}

// Keys implements topdown.VirtualCache.
func (f *found) Keys() []ast.Ref {
	var keys []ast.Ref
	for _, e := range f.list[f.from:] {
		if e.value != nil {
			keys = append(keys, append(append(ast.Ref{}, e.ref[:min(e.n, len(e.ref))]...), e.rest...))
		}
	}
	return keys
}

// forget empties it, so that it holds on to no patient.
func (f *found) forget() {
	clear(f.list)
	f.list, f.frames, f.from = f.list[:0], f.frames[:0], 0
}
