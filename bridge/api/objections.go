// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"

	"github.com/brobygger/brobygger/bridge"
)

// newObjection is what an objection is made of.
type newObjection struct {
	MID      string           `json:"mid" minLength:"8" maxLength:"64" doc:"The objection's id: objecting again with it changes nothing."`
	Patient  bridge.PatientID `json:"patient" doc:"The patient's id."`
	Parties  []bridge.Party   `json:"parties" minItems:"1" maxItems:"50" nullable:"false" doc:"Who may not receive, nor be told of, what the objection is about."`
	Topics   []bridge.Topic   `json:"topics,omitempty" nullable:"false" doc:"None: all."`
	Purposes []bridge.Purpose `json:"purposes,omitempty" nullable:"false" doc:"None: all."`
}

func (a *api) objectionRoutes(v Objections, consents Consents) {
	serve(a, route{
		method: http.MethodGet, path: "/objections", id: "list-objections", tag: tagConsents,
		summary: "List a patient's objections", detail: "Lifted ones too, oldest first.",
	},
		func(ctx context.Context, c bridge.Caller, in *ofPatient) (list[bridge.Objection], error) {
			_, objections, err := consents.Consents(ctx, c, in.Patient)
			return listed(objections, err)
		})
	serve(a, route{
		method: http.MethodPost, path: "/objections", id: "make-objection", tag: tagConsents,
		summary: "Say no to a party", detail: "Counts even where no consent is needed (Sundhedsloven s. 41(3), 42a(5)).",
		status: http.StatusCreated, codes: []bridge.Code{bridge.CodeStorageFull},
	},
		func(ctx context.Context, c bridge.Caller, in *body[newObjection]) (bridge.Objection, error) {
			o := in.Body
			return v.Object(ctx, c, bridge.Objection{ID: bridge.ObjectionID(o.MID), Patient: o.Patient, Parties: o.Parties, Topics: o.Topics, Purposes: o.Purposes})
		})
	act(a, route{
		method: http.MethodPost, path: "/objections/{objection}/lift", id: "lift-objection", tag: tagConsents,
		summary: "Lift an objection", codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Objection bridge.ObjectionID `path:"objection" maxLength:"64" doc:"The objection's id."`
			Body      aboutPatient
		},
		) error {
			return v.Lift(ctx, c, in.Body.Patient, in.Objection)
		})
}
