// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// Switch is an engine that can be replaced while it decides. One pointer is
// swapped: a question is decided by the old one whole, or by the new one. What was
// kept of decisions is the old engine's and goes with it.
type Switch struct {
	engine atomic.Pointer[Engine] // nil: nothing can be decided
	shadow atomic.Pointer[shadow]
	words  *Engine // gives the texts while there is no engine
}

var (
	_ bridge.Decider = (*Switch)(nil)
	_ bridge.Texts   = (*Switch)(nil)
)

var errNoPolicy = errors.New("no policy is active")

// none is what decides where there is no policy: nothing.
func none() (bridge.Decision, error) {
	return bridge.Decision{Reasons: []bridge.Code{"policy_error"}}, errNoPolicy
}

// Revision implements bridge.Decider; it is empty while there is no policy.
func (s *Switch) Revision() string {
	if e := s.engine.Load(); e != nil {
		return e.Revision()
	}
	return ""
}

// Decide implements bridge.Decider. A candidate in the shadow is asked later.
func (s *Switch) Decide(ctx context.Context, q *bridge.Question) (bridge.Decision, error) {
	e := s.engine.Load()
	if e == nil {
		return none()
	}
	d, err := e.Decide(ctx, q)
	if sh := s.shadow.Load(); sh != nil && err == nil {
		sh.offer(q, d)
	}
	return d, err
}

// Rule implements bridge.Decider.
func (s *Switch) Rule(scope *bridge.Scope, from, to []bridge.Actor) (bridge.ConsentRule, error) {
	e := s.engine.Load()
	if e == nil {
		return bridge.ConsentRule{}, errNoPolicy
	}
	return e.Rule(scope, from, to)
}

// MayConsent implements bridge.Decider.
func (s *Switch) MayConsent(ctx context.Context, by bridge.Actor, patient *bridge.Snapshot, now time.Time) (bridge.Decision, error) {
	e := s.engine.Load()
	if e == nil {
		return none()
	}
	return e.MayConsent(ctx, by, patient, now)
}

// MayBreakGlass implements bridge.Decider.
func (s *Switch) MayBreakGlass(ctx context.Context, by bridge.Actor, patient *bridge.Snapshot, now time.Time) (bridge.Decision, error) {
	e := s.engine.Load()
	if e == nil {
		return none()
	}
	return e.MayBreakGlass(ctx, by, patient, now)
}

// MayReview implements bridge.Decider.
func (s *Switch) MayReview(ctx context.Context, by bridge.Actor, organizations []string, now time.Time) (bridge.Decision, error) {
	e := s.engine.Load()
	if e == nil {
		return none()
	}
	return e.MayReview(ctx, by, organizations, now)
}

// texts is the engine that words things.
func (s *Switch) texts() *Engine {
	if e := s.engine.Load(); e != nil {
		return e
	}
	return s.words
}

// Reason implements bridge.Texts.
func (s *Switch) Reason(code bridge.Code, language string) string {
	return s.texts().Reason(code, language)
}

// Remedy implements bridge.Texts.
func (s *Switch) Remedy(kind bridge.RemedyKind, language string) string {
	return s.texts().Remedy(kind, language)
}

// Basis implements bridge.Texts.
func (s *Switch) Basis(basis, language string) string { return s.texts().Basis(basis, language) }

// Sentence implements bridge.Texts.
func (s *Switch) Sentence(e ledger.Entry, by, to, language string) string {
	return s.texts().Sentence(e, by, to, language)
}

// Consent implements bridge.Texts.
func (s *Switch) Consent(scope *bridge.Scope, names map[bridge.Party]string, language string) bridge.ConsentText {
	return s.texts().Consent(scope, names, language)
}
