// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import "context"

type tokenCmd struct {
	Server string `help:"Address of the demo." env:"BROBYGGER_SERVER" default:"http://127.0.0.1:8080" placeholder:"URL"`
	Name   string `arg:"" help:"Of whom: gp-holm, jens, ..."`
}

// Run prints a token of the demo's issuer, good for some minutes.
func (t *tokenCmd) Run(ctx context.Context, out *printer) error {
	token, err := demoToken(ctx, t.Server, t.Name)
	if err != nil {
		return err
	}
	if !out.value(map[string]string{"access_token": token}) {
		out.printf("%s\n", token)
	}
	return nil
}
