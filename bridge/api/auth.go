// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/brobygger/brobygger/bridge"
)

// The headers of our own.
const (
	// HeaderRole chooses one of a practitioner's roles: PractitionerRole/….
	HeaderRole = "Brobygger-Role"
	// HeaderFresh: 1 says that the client keeps the freshness rule.
	HeaderFresh = "Brobygger-Fresh"
)

// patience is how long one call may take. A withdrawal waits for 3.5 s at most;
// an import may be large.
const patience = 90 * time.Second

// maxToken is the most bytes of an access token that are looked at.
const maxToken = 8 << 10

// call is what is known of one HTTP call.
type call struct {
	identity  bridge.Identity
	caller    bridge.Caller
	operation string
	language  string
	fresh     bool
}

type callKey struct{}

// callOf returns the call that ctx belongs to.
func callOf(ctx context.Context) call {
	c, _ := ctx.Value(callKey{}).(call)
	return c
}

// exactMethod refuses HEAD where the mux takes it for GET: it would claim
// disclosures and then throw them away.
func (a *api) exactMethod(ctx huma.Context, next func(huma.Context)) {
	if ctx.Method() != ctx.Operation().Method {
		a.tell(ctx, ctx.Context(), bridge.ErrNotFound)
		return
	}
	next(ctx)
}

// authenticate lets nobody in whom the bridge does not know. It runs before any
// part of a body is read.
func (a *api) authenticate(ctx huma.Context, next func(huma.Context)) {
	c := call{
		operation: ctx.Operation().OperationID,
		language:  negotiate(ctx.Header("Accept-Language")),
		fresh:     ctx.Header(HeaderFresh) == "1",
	}
	known := context.WithValue(ctx.Context(), callKey{}, c)
	var err error
	if c.identity, err = a.identityOf(ctx); err == nil {
		c.caller, err = a.callerOf(known, ctx, c.identity)
	}
	if err != nil {
		a.tell(ctx, known, err)
		return
	}
	bounded, cancel := context.WithTimeout(context.WithValue(ctx.Context(), callKey{}, c), patience)
	defer cancel()
	next(huma.WithContext(ctx, bounded))
}

// identityOf checks the token, and counts whose it is.
func (a *api) identityOf(ctx huma.Context) (bridge.Identity, error) {
	scheme, token, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return bridge.Identity{}, &bridge.Error{Code: bridge.CodeUnauthenticated}
	}
	id, err := a.Verifier.Verify(token)
	if err != nil {
		return bridge.Identity{}, err
	}
	if wait, ok := a.callers.take(id.Subject); !ok {
		a.Metrics.limited("caller")
		return bridge.Identity{}, &bridge.Error{Code: bridge.CodeRateLimited, After: wait}
	}
	return id, nil
}

// callerOf makes the caller in the role that was chosen. Where none had to be,
// there is none.
func (a *api) callerOf(known context.Context, ctx huma.Context, id bridge.Identity) (bridge.Caller, error) {
	if before, _ := ctx.Operation().Metadata[metaBeforeRole].(bool); before {
		return bridge.Caller{}, nil
	}
	role := bridge.Ref(ctx.Header(HeaderRole))
	if role != "" && (role.Validate() != nil || role.Type() != bridge.TypePractitionerRole) {
		return bridge.Caller{}, bridge.BadRequest(HeaderRole + " is not a PractitionerRole reference")
	}
	caller, err := a.Bridge.Caller(known, id, role)
	if err != nil {
		return bridge.Caller{}, err
	}
	if needsAdmin, _ := ctx.Operation().Metadata[metaAdmin].(bool); needsAdmin && !caller.Admin {
		return bridge.Caller{}, &bridge.Error{Code: bridge.CodeForbidden}
	}
	return caller, nil
}

// tell writes err where no handler has run.
func (a *api) tell(ctx huma.Context, known context.Context, err error) {
	p := a.problem(known, err)
	for k, v := range p.GetHeaders() {
		ctx.SetHeader(k, v[0])
	}
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	_ = encode(ctx.BodyWriter(), p)
}

// refuse writes err where no route was found, or none was asked.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, err error) {
	c := call{language: negotiate(r.Header.Get("Accept-Language"))}
	p := a.problem(context.WithValue(r.Context(), callKey{}, c), err)
	for k, v := range p.GetHeaders() {
		w.Header().Set(k, v[0])
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = encode(w, p)
}

// claimant is the session of one HTTP call: the request is its only beat.
func claimant(ctx context.Context) bridge.Claimant {
	return bridge.Claimant{Session: "http-" + rand.Text(), Beat: 1, Fresh: callOf(ctx).fresh}
}
