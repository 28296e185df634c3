// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"

	"github.com/brobygger/brobygger/bridge"
)

// rotation says who gets new keys.
type rotation struct {
	Patients []bridge.PatientID `json:"patients,omitempty" maxItems:"1000" doc:"Whose keys; or all."`
	All      bool               `json:"all,omitempty" doc:"Everybody's."`
}

// rotated is how many keys, or patients' keys, are new.
type rotated struct {
	Rotated int `json:"rotated" doc:"How many."`
}

func (a *api) keyRoutes(v Keys) {
	serve(a, route{
		method: http.MethodGet, path: "/keys", id: "count-keys", tag: tagAdmin, admin: true,
		summary: "Count the keys", detail: "And how many each version of the key-encryption key wraps.", codes: []bridge.Code{bridge.CodeConflict},
	},
		func(ctx context.Context, c bridge.Caller, _ *struct{}) (bridge.KeyStatus, error) {
			return v.Keys(ctx, c)
		})
	serve(a, route{
		method: http.MethodPost, path: "/keys/kek/rotate", id: "rotate-kek", tag: tagAdmin, admin: true,
		summary: "Rotate the key-encryption key",
		detail:  "Every key is wrapped by a new version; no data is touched. Goes on when the call is given up.", codes: []bridge.Code{bridge.CodeConflict},
	},
		func(ctx context.Context, c bridge.Caller, _ *struct{}) (rotated, error) {
			n, err := v.RotateKEK(ctx, c)
			return rotated{n}, err
		})
	serve(a, route{
		method: http.MethodPost, path: "/keys/rotate", id: "rotate-keys", tag: tagAdmin, admin: true,
		summary: "Rotate patients' keys",
		detail:  "What comes is sealed with new keys; what was sealed stays readable. Goes on when the call is given up.", codes: []bridge.Code{bridge.CodeConflict},
	},
		func(ctx context.Context, c bridge.Caller, in *body[rotation]) (rotated, error) {
			if in.Body.All == (len(in.Body.Patients) > 0) {
				return rotated{}, bridge.BadRequest("name patients, or all")
			}
			n, err := v.RotateKeys(ctx, c, in.Body.Patients...)
			return rotated{n}, err
		})
	serve(a, route{
		method: http.MethodPost, path: "/erasures", id: "erase-patient", tag: tagAdmin, admin: true,
		summary: "Erase what is kept about a patient",
		detail: "Destroys keys, and there is no way back (GDPR art. 17). Without `log` what was said goes, and the record of who was told stays; with it the record " +
			"goes too, and who the patient is. The receipt says when the keys were last backed up. " + departing,
		codes: []bridge.Code{bridge.CodeConflict, bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *body[bridge.NewErasure]) (bridge.ErasureReceipt, error) {
			return v.Erase(ctx, c, in.Body)
		})
}
