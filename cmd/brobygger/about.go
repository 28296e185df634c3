// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"runtime"
	"runtime/debug"

	"github.com/brobygger/brobygger/bridge/api"
	"github.com/brobygger/brobygger/bridge/wire"
	"github.com/brobygger/brobygger/policy"
)

type versionCmd struct{}

// Run prints what this program is.
func (versionCmd) Run(out *printer) error {
	engine, err := policy.New(policy.Options{})
	if err != nil {
		return err
	}
	v := struct {
		Version  string `json:"version"`
		Go       string `json:"go"`
		Protocol string `json:"protocol"`
		HTTP     string `json:"http"`
		Policy   string `json:"policy"`
	}{version, runtime.Version(), wire.Subprotocol, api.Version, engine.Revision()}
	if info, ok := debug.ReadBuildInfo(); ok && version == "development" && info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	if out.value(v) {
		return nil
	}
	out.table("", [][]string{{"brobygger", v.Version}, {"go", v.Go}, {"protocol", v.Protocol}, {"HTTP interface", v.HTTP}, {"policy", v.Policy}})
	return nil
}

type openapiCmd struct{}

// Run prints the OpenAPI document; it needs no server.
func (openapiCmd) Run(out *printer) error {
	spec, err := api.Spec()
	if err != nil {
		return err
	}
	out.printf("%s\n", spec)
	return nil
}
