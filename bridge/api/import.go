// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/fhir"
)

// imported says what became of an import.
type imported struct {
	Taken  bridge.ImportReport `json:"taken" doc:"What was new, changed, or there already."`
	Report fhir.Report         `json:"report" doc:"Every resource that was read, and why one was left out. It holds no values."`
}

// bundle is FHIR to import.
type bundle struct {
	RawBody []byte `contentType:"application/fhir+json"`
}

func (a *api) importRoutes(v Accounts, parts Parts) {
	r := route{
		method: http.MethodPost, path: "/import", id: "import-fhir", tag: tagAdmin, admin: true,
		summary: "Import FHIR R4", limit: a.Limits.Import + 1, timeout: 90 * time.Second,
		detail: "Organizations, practitioners, roles, patients, representatives, care teams and consents, as a Bundle, one resource, or NDJSON. " +
			"Taken whole or not at all; taking it twice is the same as once. One invalid resource breaks all, and the problem lists every one.",
		codes: []bridge.Code{bridge.CodeConflict, bridge.CodeStorageFull},
	}
	op := a.operation(r)
	op.RequestBody = &huma.RequestBody{Description: "A Bundle or a resource as JSON, or one resource on each line."}
	huma.Register(a.huma, op, func(ctx context.Context, in *bundle) (*body[imported], error) {
		batch, report, err := read(ctx, parts.Store(), in.RawBody)
		if err != nil {
			return nil, a.problem(ctx, refusal(report, err))
		}
		taken, err := v.Import(ctx, callOf(ctx).caller, batch)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		if report.Items == nil {
			report.Items = []fhir.Item{}
		}
		return &body[imported]{imported{taken, report}}, nil
	})
	const line = `{"resourceType":"Organization","id":"region-01","name":"Region","active":true}`
	content := op.RequestBody.Content
	content["application/fhir+json"].Example = `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + line + `}]}`
	content["application/fhir+ndjson"] = &huma.MediaType{Schema: content["application/fhir+json"].Schema, Example: line + "\n"}
}

// read reads FHIR that may refer to what was imported before.
func read(ctx context.Context, store bridge.Store, content []byte) (batch bridge.ImportBatch, report fhir.Report, err error) {
	viewErr := store.View(ctx, func(tx bridge.Tx) error {
		known := &known{tx: tx}
		reader := fhir.Reader{Known: known}
		_ = reader.Add("", bytes.NewReader(content)) // what it answers is in the report, and Batch answers it again
		batch, report, err = reader.Batch()
		return known.err
	})
	if viewErr != nil {
		return bridge.ImportBatch{}, fhir.Report{}, fmt.Errorf("looking up what is known: %w", viewErr)
	}
	return batch, report, err
}

// known answers for what was imported before.
type known struct {
	tx  bridge.Tx
	err error // the first that is not a missing row
}

func (k *known) there(err error) bool {
	if err != nil && !errors.Is(err, bridge.ErrNotFound) && k.err == nil {
		k.err = err
	}
	return err == nil
}

// Has implements fhir.Known.
func (k *known) Has(ref bridge.Ref) bool {
	var err error
	switch ref.Type() {
	case bridge.TypeOrganization:
		_, err = k.tx.Directory().Organization(ref.ID())
	case bridge.TypePractitioner:
		_, err = k.tx.Directory().Practitioner(ref.ID())
	case bridge.TypePractitionerRole:
		_, err = k.tx.Directory().Role(ref.ID())
	case bridge.TypeRelatedPerson:
		_, err = k.tx.Directory().RelatedPerson(ref.ID())
	case bridge.TypePatient:
		_, err = k.tx.Patients().Patient(bridge.PatientID(ref.ID()))
	default:
		return false
	}
	return k.there(err)
}

// Find implements fhir.Known. Only patients are found by a number: the directory
// keeps others by their ids.
func (k *known) Find(typ string, i bridge.Identifier) bridge.Ref {
	if typ != bridge.TypePatient {
		return ""
	}
	id, err := k.tx.Patients().ByIdentifier(i)
	if !k.there(err) {
		return ""
	}
	return id.Ref()
}

// invalidError is an error with the places that it is about.
type invalidError struct {
	error
	fields []InvalidField
}

func (e invalidError) Unwrap() error { return e.error }

// maxFields bounds how many places a problem lists.
const maxFields = 200

// refusal lists what was invalid in an import.
func refusal(report fhir.Report, err error) error {
	var fields []InvalidField
	for _, item := range report.Items {
		if item.Outcome != fhir.Invalid {
			continue
		}
		for _, p := range item.Problems {
			if len(fields) == maxFields {
				break
			}
			where := strings.TrimSpace(item.At + " " + item.Type + " " + item.ID)
			if p.Path != "" && p.Path != item.At {
				where += " " + p.Path
			}
			fields = append(fields, InvalidField{Location: strings.TrimSpace(where), Message: p.Reason.Text()})
		}
	}
	return invalidError{err, fields}
}
