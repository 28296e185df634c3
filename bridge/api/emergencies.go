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
	MID     string           `json:"mid" minLength:"8" maxLength:"64" doc:"The caller's id: asking again with it returns the same access."`
	Patient bridge.PatientID `json:"patient" doc:"The patient's id."`
	Reason  string           `json:"reason" minLength:"10" maxLength:"1000" doc:"Why it can't wait for a consent; the patient reads it."`
}

// newReview is what a data-protection officer made of an access.
type newReview struct {
	MID     string               `json:"mid" minLength:"8" maxLength:"64" doc:"The officer's id: reviewing again with it changes nothing."`
	Outcome bridge.ReviewOutcome `json:"outcome" doc:"How it ended."`
	Note    bridge.ReviewNote    `json:"note" doc:"Why; each outcome has its own."`
}

func (a *api) emergencyRoutes(v Emergencies) {
	serve(a, route{
		method: http.MethodPost, path: "/emergencies", id: "ask-emergency-access", tag: tagEmergency,
		summary: "Ask for emergency access",
		detail:  "Opens nothing until it is confirmed, within two minutes (Sundhedsloven s. 41(2) no. 4). The patient and the data-protection officer are told.",
		status:  http.StatusCreated, codes: []bridge.Code{bridge.CodeConflict, bridge.CodeStorageFull},
	},
		func(ctx context.Context, c bridge.Caller, in *body[newEmergency]) (bridge.Emergency, error) {
			return v.BreakGlass(ctx, c, bridge.NewEmergency(in.Body))
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
	a.reviewRoutes(v)
}

func (a *api) reviewRoutes(v Emergencies) {
	serve(a, route{
		method: http.MethodGet, path: "/emergencies", id: "list-emergency-accesses", tag: tagEmergency,
		summary: "List emergency accesses",
		detail: "With a patient: all of that patient's, newest first, for the patient and their representatives. Without: those made where the caller is " +
			"data-protection officer, oldest first while they wait. Being shown one for the first time is an entry in the patient's record.",
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Patient bridge.PatientID `query:"patient" maxLength:"64" doc:"The patient's id."`
			All     bool             `query:"all" doc:"The reviewed ones of the caller's organization too."`
			Limit   int              `query:"limit" minimum:"1" maximum:"100" default:"100" doc:"At most so many."`
		},
		) (list[bridge.EmergencyView], error) {
			q := bridge.EmergencyQuery{Patient: in.Patient, Waiting: !in.All && in.Patient == "", Limit: in.Limit}
			return listed(v.Emergencies(ctx, c, q))
		})
	serve(a, route{
		method: http.MethodPost, path: "/emergencies/{emergency}/review", id: "review-emergency-access", tag: tagEmergency,
		summary: "Review an emergency access",
		detail:  "For the data-protection officer of where it was made. Closes the follow-up and tells the patient; an access that is not justified and still open ends.",
		codes:   []bridge.Code{bridge.CodeConflict, bridge.CodeStorageFull},
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Emergency string `path:"emergency" maxLength:"64" doc:"The access's id."`
			Body      newReview
		},
		) (bridge.Emergency, error) {
			return v.ReviewEmergency(ctx, c, bridge.NewReview{MID: in.Body.MID, Emergency: in.Emergency, Outcome: in.Body.Outcome, Note: in.Body.Note})
		})
}
