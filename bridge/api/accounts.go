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
		summary: "Close an account", detail: "Its sessions end within a second, and nothing in flight passes any more.",
		codes: []bridge.Code{bridge.CodeNotFound},
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
}
