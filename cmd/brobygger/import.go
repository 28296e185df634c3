// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

type importCmd struct {
	remote
	File string `arg:"" help:"A FHIR R4 bundle, a resource, or NDJSON; - reads standard input."`
}

// Run hands the file to the bridge, and prints what became of it.
func (i *importCmd) Run(ctx context.Context, stdin io.Reader, out *printer) error {
	in := stdin
	if i.File != "-" {
		f, err := os.Open(i.File)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, fhir.MaxInput+1))
	if err != nil {
		return fmt.Errorf("reading %s: %w", i.File, err)
	}
	if len(data) > fhir.MaxInput {
		return usagef("%s: more than %d MiB; split it", i.File, fhir.MaxInput>>20)
	}
	h := http.Header{}
	h.Set("Content-Type", "application/fhir+json")
	var got struct {
		Taken  bridge.ImportReport `json:"taken"`
		Report fhir.Report         `json:"report"`
	}
	if err := i.call(ctx, out.language, http.MethodPost, "/api/v1/import", h, bytes.NewReader(data), &got); err != nil {
		return err
	}
	if out.value(got) {
		return nil
	}
	out.printf("Taken: %d new, %d changed, %d as they were.\n", got.Taken.Created, got.Taken.Updated, got.Taken.Unchanged)
	var rows [][]string
	for _, it := range got.Report.Items {
		if it.Outcome == fhir.Taken && len(it.Notes) == 0 {
			continue
		}
		row := []string{it.At, it.Type, it.ID, string(it.Outcome), string(it.Reason)}
		for _, n := range it.Notes {
			row = append(row, n.Path+": "+string(n.Reason))
		}
		rows = append(rows, row)
	}
	out.table("", rows)
	return nil
}
