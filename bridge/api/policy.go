// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"

	"github.com/brobygger/brobygger/bridge"
)

// PolicyDesk tells which policy decides now.
type PolicyDesk interface {
	State() bridge.PolicyState
}

func (a *api) policyRoutes(p Parts) {
	serve(a, route{
		method: http.MethodGet, path: "/policy", id: "get-policy", tag: tagAdmin, admin: true,
		summary: "Which policy decides",
		detail:  "Its revision as it stands in each entry, what was active before, why the newest bundle was refused, and what a candidate beside it would decide. About nobody.",
	},
		func(ctx context.Context, c bridge.Caller, _ *struct{}) (bridge.PolicyState, error) {
			var s bridge.PolicyState
			if !c.Admin {
				return s, &bridge.Error{Code: bridge.CodeForbidden}
			}
			if a.Policy != nil {
				s = a.Policy.State()
			}
			err := p.Store().View(ctx, func(tx bridge.Tx) (err error) {
				s.History, err = tx.Policies().Activations(20)
				return err
			})
			return s, err
		})
}
