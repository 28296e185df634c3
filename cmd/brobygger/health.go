// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/brobygger/brobygger/bridge/api"
)

type healthCmd struct {
	Server string `help:"Address of the bridge." env:"BROBYGGER_SERVER" default:"http://127.0.0.1:8080" placeholder:"URL"`
}

// Run asks whether the bridge can serve; it fails when it can't.
func (h *healthCmd) Run(ctx context.Context, out *printer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.Server+"/readyz", nil)
	if err != nil {
		return usagef("--server %s: no address", h.Server)
	}
	res, err := httpClient.Do(req)
	if err != nil {
		return &unreachableError{h.Server, err}
	}
	defer func() { _ = res.Body.Close() }()
	var got api.Readiness
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		return fmt.Errorf("%s is no bridge (HTTP %d)", h.Server, res.StatusCode)
	}
	if !out.value(got) {
		switch {
		case !got.Ready:
			out.printf("Not ready: %s\n", strings.Join(got.Failing, ", "))
		case len(got.Degraded) > 0:
			out.printf("Ready. Slower than usual: %s\n", strings.Join(got.Degraded, ", "))
		default:
			out.printf("Ready.\n")
		}
		if len(got.Attention) > 0 {
			out.printf("Somebody should look at: %s\n", strings.Join(got.Attention, ", "))
		}
	}
	if !got.Ready {
		return errTold
	}
	return nil
}
