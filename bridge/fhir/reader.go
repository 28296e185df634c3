// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package fhir

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	_ "time/tzdata" // days are those of Copenhagen on any machine

	"github.com/brobygger/brobygger/bridge"
)

// Limits of an import.
const (
	MaxInput     = 64 << 20 // bytes of one input
	MaxTotal     = 256 << 20
	MaxDepth     = 40      // of nested JSON
	MaxResources = 50_000  // of a batch
	maxValues    = 4 << 20 // JSON values of one input; each takes far more memory than its bytes
)

// Read reads one input: a Bundle, a single resource, or NDJSON. The batch is the
// zero value when err is not nil; the Report is there in both cases. err is an
// *bridge.Error with CodeBadRequest or CodeTooLarge that holds no values.
func Read(r io.Reader) (bridge.ImportBatch, Report, error) {
	var reader Reader
	// What Add answers is in the report too, and Batch answers it again.
	_ = reader.Add("", r)
	return reader.Batch()
}

// Reader joins several inputs into one batch; they may refer to each other. The
// zero Reader is ready, and serves one goroutine.
type Reader struct {
	// Known answers for what was imported before; nil: nothing was, and every
	// reference has to lead into the batch.
	Known Known
	// Location is where days begin; nil: Europe/Copenhagen.
	Location *time.Location
	// Now tells whether somebody is employed at the moment; nil: time.Now.
	Now func() time.Time

	maxValues int // 0: the constant
	inputs    int
	total     int64
	resources []*resource
	broken    []Item // inputs that could not be read at all
}

// Add reads one input to its end. name stands in the report, so it must not hold
// anything of a patient.
func (b *Reader) Add(name string, in io.Reader) error {
	b.inputs++
	data, err := io.ReadAll(io.LimitReader(in, MaxInput+1))
	if err != nil {
		_ = b.breaks(name, "", Malformed) // for the report
		return fmt.Errorf("reading fhir input: %w", err)
	}
	b.total += int64(len(data))
	if len(data) > MaxInput || b.total > MaxTotal {
		return b.breaks(name, "", TooLarge)
	}
	if trimmed := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))); len(trimmed) == 0 {
		return b.breaks(name, "", EmptyInput)
	} else if trimmed[0] == '<' {
		return b.breaks(name, "", XMLRefused)
	}
	values, err := parseValues(data, cmp.Or(b.maxValues, maxValues))
	if err != nil {
		reason := Malformed
		var p *parseError
		if errors.As(err, &p) {
			reason = p.reason
		}
		return b.breaks(name, "", reason)
	}
	for i, v := range values {
		at := ""
		if len(values) > 1 {
			at = fmt.Sprintf("line[%d]", i)
		}
		if err := b.addValue(name, at, v); err != nil {
			return err
		}
	}
	return nil
}

func (b *Reader) breaks(name, at string, reason Reason) error {
	b.broken = append(b.broken, Item{
		Input: name, At: at, Outcome: Invalid, Problems: []Finding{{Path: at, Reason: reason}},
	})
	return Report{Items: b.broken[len(b.broken)-1:]}.Err()
}

func (b *Reader) addValue(name, at string, v any) error {
	o, ok := v.(object)
	if !ok {
		return b.breaks(name, at, NotAResource)
	}
	if o["resourceType"] != "Bundle" {
		return b.addResource(name, at, "", o, nil)
	}
	var bundle resource
	bundle.typ, bundle.body = "Bundle", o
	n := bundle.root()
	switch n.str("type") {
	case "collection", "transaction", "batch", "searchset":
	case "message":
		bundle.message = &message{}
	default:
		return b.breaks(name, at, BundleType)
	}
	for _, e := range n.list("entry") {
		if err := b.addEntry(name, at, e, bundle.message); err != nil {
			return err
		}
	}
	if len(bundle.item.Problems) > 0 {
		p := bundle.item.Problems[0]
		return b.breaks(name, strings.TrimPrefix(at+"."+p.Path, "."), p.Reason)
	}
	return nil
}

func (b *Reader) addEntry(name, at string, e node, m *message) error {
	place := strings.TrimPrefix(at+"."+e.path, ".")
	switch e.get("request").str("method") {
	case "", "PUT", "POST":
	default:
		return b.leaveOut(name, place, MethodNotUsed)
	}
	body := e.get("resource")
	if !body.ok() {
		return b.leaveOut(name, place, NoResource)
	}
	o, ok := body.v.(object)
	if !ok {
		return b.breaks(name, place+".resource", NotAResource)
	}
	return b.addResource(name, place+".resource", e.str("fullUrl"), o, m)
}

func (b *Reader) leaveOut(name, at string, reason Reason) error {
	if len(b.resources) == MaxResources {
		return b.breaks(name, at, TooLarge)
	}
	b.resources = append(b.resources, &resource{
		input: b.inputs, item: Item{Input: name, At: at, Outcome: Skipped, Reason: reason},
	})
	return nil
}

func (b *Reader) addResource(name, at, fullURL string, o object, m *message) error {
	typ, _ := o["resourceType"].(string)
	if !typeName(typ) {
		return b.breaks(name, at, NotAResource)
	}
	if len(b.resources) == MaxResources {
		return b.breaks(name, at, TooLarge)
	}
	r := &resource{input: b.inputs, typ: typ, fullURL: fullURL, body: o, message: m}
	r.item = Item{Input: name, At: at, Type: typ, Outcome: Taken}
	if m != nil {
		m.see(r)
	}
	if !used[typ] {
		r.skip(TypeNotUsed)
		r.body = nil // it may hold attachments
	}
	b.resources = append(b.resources, r)
	return nil
}

// used are the types that an import takes.
var used = map[string]bool{
	"Organization": true, "Practitioner": true, "PractitionerRole": true,
	"Patient": true, "RelatedPerson": true, "CareTeam": true, "Consent": true, "HealthcareService": true,
}

// typeName reports whether s can be the name of a FHIR type, and so be repeated
// in a report.
func typeName(s string) bool {
	if len(s) == 0 || len(s) > 40 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
