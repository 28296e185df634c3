// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/brobygger/brobygger/bridge"
)

// route is one line of the API.
type route struct {
	method  string
	path    string // under base
	id      string // operationId
	tag     string
	summary string // one line; the description follows behind an empty line
	detail  string
	status  int           // 0: 200, or 204 where nothing is answered
	limit   int64         // bytes of a body; 0: MaxJSON
	timeout time.Duration // for the body to arrive; 0: 5 s
	admin   bool
	// beforeRole: no role has been chosen yet, so there is no caller either.
	beforeRole bool
	fresh      bool          // takes Brobygger-Fresh
	codes      []bridge.Code // besides those that every route may answer
}

// MaxJSON is the most bytes that a JSON body may have. A message's text is at
// most 16 KiB, which JSON may write as six times that.
const MaxJSON = 128 << 10

// body is an answer in JSON.
type body[T any] struct{ Body T }

// list wraps what is listed, so that a later version can say more.
type list[T any] struct {
	Items []T `json:"items" nullable:"false" doc:"What was asked for; empty when there is none."`
}

func listed[T any](items []T, err error) (list[T], error) {
	if items == nil {
		items = []T{}
	}
	return list[T]{Items: items}, err
}

// serve registers a route that answers in JSON. It is the only way from HTTP to
// a verb: f runs with a caller that the bridge made, and every error passes
// problem.
func serve[I, O any](a *api, r route, f func(context.Context, bridge.Caller, *I) (O, error)) {
	huma.Register(a.huma, a.operation(r), func(ctx context.Context, in *I) (*body[O], error) {
		out, err := f(ctx, callOf(ctx).caller, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &body[O]{out}, nil
	})
}

// act registers a route that answers with nothing but that it was done.
func act[I any](a *api, r route, f func(context.Context, bridge.Caller, *I) error) {
	r.status = http.StatusNoContent
	huma.Register(a.huma, a.operation(r), func(ctx context.Context, in *I) (*struct{}, error) {
		if err := f(ctx, callOf(ctx).caller, in); err != nil {
			return nil, a.problem(ctx, err)
		}
		return nil, nil
	})
}

// operation describes the route for the mux and for the document.
func (a *api) operation(r route) huma.Operation {
	if r.limit == 0 {
		r.limit = MaxJSON
	}
	o := huma.Operation{
		Method: r.method, Path: base + r.path, OperationID: r.id, Tags: []string{r.tag},
		Summary: r.summary, Description: r.detail, DefaultStatus: r.status,
		MaxBodyBytes: r.limit, BodyReadTimeout: r.timeout,
		RejectUnknownQueryParameters: true,
		Metadata:                     map[string]any{metaAdmin: r.admin, metaBeforeRole: r.beforeRole},
		Security:                     []map[string][]string{{"bearer": {}}},
		Parameters:                   []*huma.Param{{Ref: "#/components/parameters/Role"}, {Ref: "#/components/parameters/AcceptLanguage"}},
		Responses:                    problemsFor(r.codes),
	}
	if r.fresh {
		o.Parameters = append(o.Parameters, &huma.Param{Ref: "#/components/parameters/Fresh"})
		o.Middlewares = append(o.Middlewares, inTime)
	}
	setExamples(&o)
	return o
}

// inTime cuts off an answer with content that has not left when no client could
// show it any more: T after the request, which is its beat. Whoever waits for the
// claim waits longer than that (I5), so no byte leaves behind an answered
// withdrawal, however slowly somebody reads.
func inTime(ctx huma.Context, next func(huma.Context)) {
	_, w := humago.Unwrap(ctx)
	// Where a deadline can't be set there is no connection either.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(freshFor))
	next(ctx)
}

// What an operation asks of its caller, before a body is read.
const (
	metaAdmin      = "admin"
	metaBeforeRole = "before role"
)

// always are the codes that every route may answer.
var always = []bridge.Code{
	bridge.CodeBadRequest, bridge.CodeUnauthenticated, bridge.CodeTokenExpired, bridge.CodeAccountDisabled,
	bridge.CodeForbidden, bridge.CodeTooLarge, bridge.CodeRateLimited, bridge.CodeInternal,
	bridge.CodeBusy, bridge.CodePolicyUnavailable, bridge.CodeKeyUnknown, bridge.CodeErased,
}

// problemsFor refers to the answers to the codes.
func problemsFor(codes []bridge.Code) map[string]*huma.Response {
	out := map[string]*huma.Response{}
	for _, c := range slices.Concat(always, codes) {
		status := bridge.Outcomes[c].Status
		out[itoa(status)] = &huma.Response{Ref: "#/components/responses/" + problemName(status)}
	}
	return out
}
