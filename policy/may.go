// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/brobygger/brobygger/bridge"
)

// MayConsent implements bridge.Decider (Sundhedsloven s. 14, 17, 18).
func (e *Engine) MayConsent(ctx context.Context, by bridge.Actor, patient *bridge.Snapshot, now time.Time) (bridge.Decision, error) {
	return e.may(ctx, queryMay, queryMayNot, by, patient, now)
}

// MayBreakGlass implements bridge.Decider. It tells nothing of the patient: the
// answer is about the role alone.
func (e *Engine) MayBreakGlass(ctx context.Context, by bridge.Actor, _ *bridge.Snapshot, now time.Time) (bridge.Decision, error) {
	return e.may(ctx, queryGlass, queryNoGls, by, nil, now)
}

// MayReview implements bridge.Decider. It tells nothing of a patient: the answer
// is about the office and where it is held.
func (e *Engine) MayReview(ctx context.Context, by bridge.Actor, organizations []string, now time.Time) (bridge.Decision, error) {
	return e.may(ctx, queryReview, queryNoRev, by, nil, now, [2]*ast.Term{ast.InternedTerm("organizations"), set(organizations)})
}

func (e *Engine) may(ctx context.Context, may, not string, by bridge.Actor, patient *bridge.Snapshot, now time.Time, more ...[2]*ast.Term) (bridge.Decision, error) {
	if now.IsZero() {
		return e.failed(errNoTime)
	}
	r := e.records(patient)
	s := span{now: now}
	r.instants(&s, &by)
	in := ast.NewObject(append(
		more,
		[2]*ast.Term{keyNow, instant(now)},
		[2]*ast.Term{keyPatient, r.patient},
		[2]*ast.Term{ast.InternedTerm("by"), r.actor(e.law, hashActor(&by), &by)},
	)...)
	v, err := e.program.ask(ctx, e.budget, may, in)
	if err != nil {
		return e.failed(err)
	}
	allow, ok := field(v, "allow").(ast.Boolean)
	if !ok {
		return e.failed(errUndefined)
	}
	d := bridge.Decision{Allow: bool(allow), Revision: e.program.revision, ValidUntil: s.until}
	if d.Allow {
		ground, ok := field(v, "basis").(ast.String)
		if !ok {
			return e.failed(errUndefined)
		}
		d.Basis = string(ground)
		return d, nil
	}
	if v, err = e.program.ask(ctx, e.budget, not, in); err != nil {
		return e.failed(err)
	}
	if d.Reasons = codes[bridge.Code](v); len(d.Reasons) == 0 {
		return e.failed(errNoReason)
	}
	if unrelated(d) {
		d.ValidUntil = time.Time{}
	}
	d.Remedies = []bridge.Remedy{{Kind: bridge.RemedyPhone}}
	return d, nil
}
