// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"context"
	"net/http"

	"github.com/brobygger/brobygger/bridge"
)

func (a *api) accountRoutes(v Accounts) {
	act(a, route{
		method: http.MethodPost, path: "/accounts/disable", id: "disable-account", tag: tagAdmin, admin: true,
		summary: "Close an account",
		detail:  "Nothing of it that is in flight passes any more, and its sessions end within a second. " + departing,
		codes:   []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *body[bridge.Subject]) error {
			return v.Disable(ctx, c, in.Body)
		})
	act(a, route{
		method: http.MethodPost, path: "/accounts/enable", id: "enable-account", tag: tagAdmin, admin: true,
		summary: "Open a closed account", codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *body[bridge.Subject]) error {
			return v.Enable(ctx, c, in.Body)
		})
	act(a, route{
		method: http.MethodPost, path: "/accounts/sign-out", id: "sign-out-account", tag: tagAdmin, admin: true,
		summary: "Sign somebody out everywhere", detail: "Every session ends, and every token of before. " + departing,
		codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *body[bridge.Subject]) error {
			return v.SignOut(ctx, c, in.Body)
		})
	act(a, route{
		method: http.MethodPost, path: "/me/sign-out", id: "sign-out", tag: tagMe,
		summary: "Sign out everywhere", detail: "On all devices: every session ends, and every token of before, this one too. " + departing,
	},
		func(ctx context.Context, c bridge.Caller, _ *struct{}) error {
			return v.SignOut(ctx, c, c.Subject)
		})
}

// departing explains when such a call is answered.
const departing = "Answered when what they were given before can't be shown any more, which may take four seconds."
