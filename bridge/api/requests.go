// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"

	"github.com/brobygger/brobygger/bridge"
)

func (a *api) requestRoutes(v Requests) {
	serve(a, route{
		method: http.MethodPost, path: "/consent-requests", id: "request-consent", tag: tagConsents,
		summary: "Ask the patient for a consent",
		detail:  "With `hold`, that message waits for the answer and goes by itself when the patient says yes; after a no, or a week, it returns.",
		status:  http.StatusCreated, codes: []bridge.Code{bridge.CodeConflict, bridge.CodeStorageFull},
	},
		func(ctx context.Context, c bridge.Caller, in *body[bridge.NewRequest]) (bridge.ConsentRequest, error) {
			return v.RequestConsent(ctx, c, in.Body)
		})
	serve(a, route{
		method: http.MethodGet, path: "/consent-requests", id: "list-consent-requests", tag: tagConsents,
		summary: "List requests", detail: "Oldest first: for the patient all, for a professional their own.",
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Patient bridge.PatientID    `query:"patient" required:"true" doc:"The patient's id."`
			State   bridge.RequestState `query:"state" doc:"Of this state only."`
			Limit   int                 `query:"limit" minimum:"1" maximum:"200" default:"100" doc:"At most so many."`
		},
		) (list[bridge.ConsentRequest], error) {
			return listed(v.Requests(ctx, c, bridge.RequestQuery{Patient: in.Patient, State: in.State, Limit: in.Limit}))
		})
	act(a, route{
		method: http.MethodPost, path: "/consent-requests/{request}/decline", id: "decline-consent-request", tag: tagConsents,
		summary: "Say no to a request", detail: "Held messages return to their sender.", codes: []bridge.Code{bridge.CodeConflict, bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Request bridge.RequestID `path:"request" maxLength:"64" doc:"The request's id."`
			Body    aboutPatient
		},
		) error {
			return v.Decline(ctx, c, in.Body.Patient, in.Request)
		})
}
