// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
	"github.com/brobygger/brobygger/bridge/live"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
	"github.com/brobygger/brobygger/policy"
)

type importCmd struct {
	remote
	Data string `help:"Folder of the data, in place of a running bridge: the first import, with the account of whoever does the next." placeholder:"FOLDER"`
	File string `arg:"" help:"A FHIR R4 bundle, a resource, or NDJSON; - reads standard input."`
}

// imported is what became of an import.
type imported struct {
	Taken  bridge.ImportReport `json:"taken"`
	Report fhir.Report         `json:"report"`
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
	var got imported
	if i.Data != "" {
		got, err = i.first(ctx, data)
	} else {
		h := http.Header{}
		h.Set("Content-Type", "application/fhir+json")
		err = i.call(ctx, out.language, http.MethodPost, "/api/v1/import", h, bytes.NewReader(data), &got)
	}
	if err != nil {
		return err
	}
	if !out.value(got) {
		out.imported(got)
	}
	return nil
}

// first imports into a folder that no bridge has open. Whoever may write the
// folder needs no account: somebody's has to be the first.
func (i *importCmd) first(ctx context.Context, data []byte) (got imported, err error) {
	var r fhir.Reader
	if err := r.Add(i.File, bytes.NewReader(data)); err != nil {
		return got, fmt.Errorf("reading %s: %w", i.File, err)
	}
	batch, report, err := r.Batch()
	if err != nil {
		return got, fmt.Errorf("reading %s: %w", i.File, err)
	}
	if err := os.MkdirAll(i.Data, 0o700); err != nil {
		return got, fmt.Errorf("importing: %w", err)
	}
	defer func() { err = errors.Join(err, ownedLike(i.Data)) }()
	store, err := sqlite.Open(filepath.Join(i.Data, database), sqlite.Options{})
	if err != nil {
		return got, fmt.Errorf("opening the store: %w", err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	engine, err := policy.New(policy.Options{})
	if err != nil {
		return got, err
	}
	here, err := live.Open(live.Options{Embedded: true})
	if err != nil {
		return got, err
	}
	defer func() { err = errors.Join(err, here.Close()) }()
	b, err := bridge.New(bridge.Config{Store: store, Decider: engine, Texts: engine, Live: here, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return got, err
	}
	taken, err := b.Import(ctx, bridge.Caller{Admin: true}, batch)
	return imported{Taken: taken, Report: report}, err
}

// imported prints what became of an import, and what was not taken.
func (p *printer) imported(got imported) {
	p.printf("Taken: %d new, %d changed, %d as they were.\n", got.Taken.Created, got.Taken.Updated, got.Taken.Unchanged)
	var rows [][]string
	for _, it := range got.Report.Items {
		if it.Outcome == fhir.Taken && len(it.Notes) == 0 {
			continue
		}
		row := []string{it.At, it.Type, it.ID, string(it.Outcome), it.Reason.Text()}
		for _, n := range it.Notes {
			row = append(row, n.Path+": "+n.Reason.Text())
		}
		rows = append(rows, row)
	}
	p.table("", rows)
}
