// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/brobygger/brobygger/bridge"
)

// problemType begins the type of every problem; the code follows.
const problemType = "urn:brobygger:error:"

// Problem is an error as a client gets it (RFC 9457). It never tells whether a
// patient exists, and never holds what is not the caller's own.
//
//nolint:errname // RFC 9457's own word, and the schema's name
type Problem struct {
	Type     string         `json:"type" example:"urn:brobygger:error:consent_required" doc:"urn:brobygger:error: and the code."`
	Title    string         `json:"title" example:"The patient has not consented to this." doc:"The code in words, in the language asked for (da or en)."`
	Status   int            `json:"status" example:"403" doc:"The HTTP status."`
	Detail   string         `json:"detail,omitempty" doc:"For a developer; what is wrong with the request."`
	Code     bridge.Code    `json:"code" example:"consent_required" doc:"The code, the same as on the socket."`
	Retry    bool           `json:"retry" doc:"Whether the same call may succeed later without anybody changing anything."`
	RetryMS  int64          `json:"retry_ms,omitempty" minimum:"0" doc:"When to try again, in milliseconds from now, if known."`
	Reasons  []Reason       `json:"reasons,omitempty" nullable:"false" doc:"Every reason for a denial."`
	Remedies []RemedyWords  `json:"remedies,omitempty" nullable:"false" doc:"What the caller can do about a denial."`
	Errors   []InvalidField `json:"errors,omitempty" nullable:"false" doc:"Where the request is not as described."`

	language string
}

// Reason is one reason for a denial, with its words.
type Reason struct {
	Code bridge.Code `json:"code" example:"consent_required"`
	Text string      `json:"text" example:"No consent covers this."`
}

// RemedyWords is a way out of a denial, with its words.
type RemedyWords struct {
	Kind  bridge.RemedyKind `json:"kind" example:"ask-patient"`
	Text  string            `json:"text" example:"Ask the patient."`
	Scope *bridge.Scope     `json:"scope,omitempty" doc:"For ask-patient: the scope to ask for."`
}

// InvalidField is one place where a request is not as described. The value that
// stood there is not repeated.
type InvalidField struct {
	Location string `json:"location,omitempty" example:"body.mid" doc:"Where, as a path."`
	Message  string `json:"message" example:"expected string" doc:"What was expected."`
}

func (p *Problem) Error() string { return string(p.Code) }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter (RFC 9457, section 3).
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	h.Set("Content-Language", p.language)
	if p.RetryMS > 0 {
		h.Set("Retry-After", strconv.FormatInt((p.RetryMS+999)/1000, 10))
	}
	if p.Code == bridge.CodeUnauthenticated {
		h.Set("WWW-Authenticate", `Bearer realm="brobygger"`)
	}
	if p.Code == bridge.CodeTokenExpired { // RFC 6750, section 3.1
		h.Set("WWW-Authenticate", `Bearer realm="brobygger", error="invalid_token"`)
	}
	return h
}

// newProblem makes the problem of a code, with its words.
func newProblem(code bridge.Code, language string) *Problem {
	outcome, known := bridge.Outcomes[code]
	if !known {
		code, outcome = bridge.CodeInternal, bridge.Outcomes[bridge.CodeInternal]
	}
	return &Problem{
		Type: problemType + string(code), Title: titles[language][code], Status: outcome.Status,
		Code: code, Retry: outcome.Retry, language: language,
	}
}

// problem tells err to a caller. What is not an *bridge.Error is told as internal
// and logged; of a denial, only reasons and remedies are told.
func (a *api) problem(ctx context.Context, err error) *Problem {
	language := languageOf(ctx)
	var e *bridge.Error
	if !errors.As(err, &e) {
		e = &bridge.Error{Code: bridge.CodeInternal}
	}
	p := newProblem(e.Code, language)
	if p.Code == bridge.CodeInternal && ctx.Err() == nil {
		a.Log.ErrorContext(ctx, "http call failed", slog.String("operation", callOf(ctx).operation), slog.Any("error", err))
	}
	p.RetryMS = e.After.Round(time.Millisecond).Milliseconds()
	if p.Code != bridge.CodeForbidden && p.Code != bridge.CodeInternal {
		p.Detail = e.Message // a forbidden patient and an unknown one look the same
	}
	if e.Decision != nil {
		a.explain(p, e.Decision)
	}
	var places invalidError
	if errors.As(err, &places) {
		p.Errors = places.fields
	}
	return p
}

// explain adds the reasons of a denial and what can be done about it.
func (a *api) explain(p *Problem, d *bridge.Decision) {
	words := a.Bridge.Texts()
	for _, r := range d.Reasons {
		p.Reasons = append(p.Reasons, Reason{Code: r, Text: words.Reason(r, p.language)})
	}
	for _, r := range d.Remedies {
		p.Remedies = append(p.Remedies, RemedyWords{Kind: r.Kind, Text: words.Remedy(r.Kind, p.language), Scope: r.Scope})
	}
}

// codeOfStatus names what huma found wrong by the status it gives it.
func codeOfStatus(status int) bridge.Code {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return bridge.CodeTooLarge
	case status >= http.StatusInternalServerError:
		return bridge.CodeInternal
	}
	return bridge.CodeBadRequest
}

// invalid is the problem of a request that is not as the document describes. The
// details of errs are told without the values that they hold.
func invalid(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
	language := danish
	if ctx != nil {
		language = negotiate(ctx.Header("Accept-Language"))
	}
	p := newProblem(codeOfStatus(status), language)
	if p.Code != bridge.CodeInternal {
		p.Detail = message
		for _, err := range errs {
			var d *huma.ErrorDetail
			if errors.As(err, &d) {
				p.Errors = append(p.Errors, InvalidField{Location: d.Location, Message: d.Message})
			}
		}
	}
	if ctx != nil {
		for k, v := range p.GetHeaders() {
			ctx.SetHeader(k, v[0])
		}
	}
	return p
}

// The library makes its own errors through these two variables; there is no
// other way to give it ours.
func init() {
	huma.NewErrorWithContext = invalid
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return invalid(nil, status, message, errs...)
	}
	huma.ValidateStrictCasing = true
}

func itoa(i int) string { return strconv.Itoa(i) }
