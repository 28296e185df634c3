// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Me is the caller, as the bridge sees them in the role that was chosen.
type Me struct {
	Party     bridge.Ref       `json:"party" doc:"In whose name this token and role act."`
	Person    bridge.Ref       `json:"person" doc:"The human behind."`
	Assurance bridge.Assurance `json:"assurance" doc:"NSIS level of the sign-in."`
	Expires   time.Time        `json:"expires" doc:"When the token ends."`
	Admin     bool             `json:"admin" doc:"May import, and close accounts."`
}

// dnd asks for quiet.
type dnd struct {
	Until time.Time `json:"until,omitzero" doc:"Until when; left out: no longer."`
}

func (a *api) meRoutes(callers Callers) {
	serve(a, route{method: http.MethodGet, path: "/me", id: "get-me", tag: tagMe, summary: "Who am I, and in which role"},
		func(_ context.Context, c bridge.Caller, _ *struct{}) (Me, error) {
			return Me{Party: c.Party, Person: c.Person, Assurance: c.Assurance, Expires: c.Expires, Admin: c.Admin}, nil
		})
	serve(a, route{
		method: http.MethodGet, path: "/me/roles", id: "list-my-roles", tag: tagMe, beforeRole: true,
		summary: "The roles that I may choose from", detail: "By the header Brobygger-Role; asked before one is chosen. Empty for patients and representatives.",
	},
		func(ctx context.Context, _ bridge.Caller, _ *struct{}) (list[bridge.RoleEntry], error) {
			return listed(callers.Roles(ctx, callOf(ctx).identity))
		})
	act(a, route{method: http.MethodPut, path: "/me/do-not-disturb", id: "set-do-not-disturb", tag: tagMe, summary: "Set or clear do-not-disturb"},
		func(ctx context.Context, c bridge.Caller, in *struct{ Body dnd }) error {
			return callers.SetDND(ctx, c, in.Body.Until)
		})
}
