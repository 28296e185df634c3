// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"

	"github.com/brobygger/brobygger/bridge"
)

// ofPatient selects by patient. The id is opaque, so it may stand in a URL.
type ofPatient struct {
	Patient bridge.PatientID `query:"patient" required:"true" doc:"The patient's id."`
}

// aboutPatient names the patient in a body.
type aboutPatient struct {
	Patient bridge.PatientID `json:"patient" doc:"The patient's id."`
}

// textQuery asks for the text of a scope.
type textQuery struct {
	Patient  bridge.PatientID `json:"patient" doc:"The patient's id."`
	Scope    bridge.Scope     `json:"scope"`
	Language string           `json:"language" minLength:"2" maxLength:"35" example:"da" doc:"BCP 47: da, en, ar, fa."`
}

// consentPath names a consent in the path, its patient in the body.
type consentPath struct {
	Consent bridge.ConsentID `path:"consent" maxLength:"64" doc:"The consent's id."`
	Body    aboutPatient
}

func (a *api) consentRoutes(v Consents) {
	serve(a, route{
		method: http.MethodGet, path: "/consents", id: "list-consents", tag: tagConsents,
		summary: "List a patient's consents",
		detail:  "Of every state, oldest first: for the patient all, for a member of the care team those that name them.",
	},
		func(ctx context.Context, c bridge.Caller, in *ofPatient) (list[bridge.Consent], error) {
			consents, _, err := v.Consents(ctx, c, in.Patient)
			return listed(consents, err)
		})
	serve(a, route{
		method: http.MethodPost, path: "/consents", id: "grant-consent", tag: tagConsents,
		summary: "Give a consent",
		detail:  "On a request or of one's own accord. `text_hash` is that of the text that was shown (see get-consent-text). The same `mid` is the same consent for ever.",
		status:  http.StatusCreated, codes: []bridge.Code{bridge.CodeConflict, bridge.CodeNotFound, bridge.CodeStorageFull},
	},
		func(ctx context.Context, c bridge.Caller, in *body[bridge.NewGrant]) (bridge.Consent, error) {
			return v.Grant(ctx, c, in.Body)
		})
	serve(a, route{
		method: http.MethodPost, path: "/consents/preview", id: "preview-grant", tag: tagConsents,
		summary: "What a consent would change", detail: "Changes nothing.", codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *body[bridge.NewGrant]) (bridge.Change, error) {
			return v.PreviewGrant(ctx, c, in.Body)
		})
	serve(a, route{
		method: http.MethodPost, path: "/consents/text", id: "get-consent-text", tag: tagConsents,
		summary: "The text of a scope, as the patient will read it",
	},
		func(ctx context.Context, c bridge.Caller, in *body[textQuery]) (bridge.ConsentText, error) {
			return v.ConsentText(ctx, c, in.Body.Patient, in.Body.Scope, in.Body.Language)
		})
	a.withdrawalRoutes(v)
}

func (a *api) withdrawalRoutes(v Consents) {
	serve(a, route{
		method: http.MethodPost, path: "/consents/{consent}/withdrawal", id: "withdraw-consent", tag: tagConsents,
		summary: "Take a consent back",
		detail: "As easy as giving it (GDPR art. 7(3)): no reason is asked for. Answered when nothing that relied on the consent can be shown any more, " +
			"which may take four seconds. Withdrawing again changes nothing.",
		codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *consentPath) (bridge.Withdrawal, error) {
			return v.Withdraw(ctx, c, in.Body.Patient, in.Consent)
		})
	serve(a, route{
		method: http.MethodPost, path: "/consents/{consent}/withdrawal/preview", id: "preview-withdrawal", tag: tagConsents,
		summary: "What a withdrawal would change", detail: "Changes nothing.", codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *consentPath) (bridge.Change, error) {
			return v.PreviewWithdrawal(ctx, c, in.Body.Patient, in.Consent)
		})
}
