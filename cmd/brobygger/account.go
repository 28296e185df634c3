// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/brobygger/brobygger/bridge"
)

type accountCmd struct {
	Disable accountDisableCmd `cmd:"" help:"Close an account: its sessions end, and nothing of it passes any more."`
	Enable  accountEnableCmd  `cmd:"" help:"Open it again."`
	SignOut accountSignOutCmd `cmd:"" name:"sign-out" help:"End all sessions of an account, and every token of before."`
}

// account is a sign-in.
type account struct {
	remote
	Issuer  string `help:"Who vouches for the sign-in; in a demo, the demo." placeholder:"URL"`
	Subject string `help:"The sign-in's name at the issuer." required:"" placeholder:"NAME"`
}

func (a account) set(ctx context.Context, out *printer, verb, done string) error {
	s := bridge.Subject{Issuer: a.Issuer, Name: a.Subject}
	if s.Issuer == "" {
		s.Issuer = a.Server
	}
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	if err := a.call(ctx, out.language, http.MethodPost, "/api/v1/accounts/"+verb, h, bytes.NewReader(body), nil); err != nil {
		return err
	}
	if !out.value(map[string]any{verb: s}) {
		out.printf("%s\n", done)
	}
	return nil
}

type accountDisableCmd struct{ account }

// Run closes the account.
func (d *accountDisableCmd) Run(ctx context.Context, out *printer) error {
	return d.set(ctx, out, "disable", "The account is closed. Its sessions end within a second.")
}

type accountEnableCmd struct{ account }

// Run opens the account.
func (e *accountEnableCmd) Run(ctx context.Context, out *printer) error {
	return e.set(ctx, out, "enable", "The account is open.")
}

type accountSignOutCmd struct {
	remote
	Issuer  string `help:"Who vouches for the sign-in; in a demo, the demo." placeholder:"URL"`
	Subject string `help:"The sign-in's name at the issuer; without it, one's own." placeholder:"NAME"`
}

// Run ends the sessions.
func (s *accountSignOutCmd) Run(ctx context.Context, out *printer) error {
	if s.Subject != "" {
		return account{s.remote, s.Issuer, s.Subject}.set(ctx, out, "sign-out", "Signed out everywhere.")
	}
	if err := s.call(ctx, out.language, http.MethodPost, "/api/v1/me/sign-out", http.Header{}, http.NoBody, nil); err != nil {
		return err
	}
	if !out.value(map[string]bool{"sign-out": true}) {
		out.printf("Signed out everywhere. Tokens of before are of no use any more.\n")
	}
	return nil
}
