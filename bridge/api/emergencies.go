// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"

	"github.com/brobygger/brobygger/bridge"
)

// newEmergency asks to break the glass.
type newEmergency struct {
	Patient bridge.PatientID `json:"patient" doc:"The patient's id."`
	Reason  string           `json:"reason" minLength:"10" maxLength:"1000" doc:"Why it can't wait for a consent; the patient reads it."`
}

func (a *api) emergencyRoutes(v Emergencies) {
	serve(a, route{
		method: http.MethodPost, path: "/emergencies", id: "ask-emergency-access", tag: tagEmergency,
		summary: "Ask for emergency access",
		detail:  "Opens nothing until it is confirmed, within two minutes (Sundhedsloven s. 41(2) no. 4). The patient and the data-protection officer are told.",
		status:  http.StatusCreated, codes: []bridge.Code{bridge.CodeStorageFull},
	},
		func(ctx context.Context, c bridge.Caller, in *body[newEmergency]) (bridge.Emergency, error) {
			return v.BreakGlass(ctx, c, in.Body.Patient, in.Body.Reason)
		})
	serve(a, route{
		method: http.MethodPost, path: "/emergencies/{emergency}/confirmation", id: "confirm-emergency-access", tag: tagEmergency,
		summary: "Confirm emergency access", detail: "Opens one patient to one person for 15 minutes.",
		codes: []bridge.Code{bridge.CodeConflict, bridge.CodeNotFound, bridge.CodeStorageFull},
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Emergency string `path:"emergency" maxLength:"64" doc:"The id that was answered."`
			Body      aboutPatient
		},
		) (bridge.Emergency, error) {
			return v.ConfirmGlass(ctx, c, in.Body.Patient, in.Emergency)
		})
}
