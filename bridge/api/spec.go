// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/brobygger/brobygger/bridge"
)

// Version is that of the interface: the first number changes when a client
// could break.
const Version = "1.0.0"

// The tags, in the order of the document.
const (
	tagMe        = "me"
	tagPatients  = "patients"
	tagConsents  = "consents"
	tagMessages  = "messages"
	tagEmergency = "emergency"
	tagLines     = "lines"
	tagAdmin     = "administration"
)

// Spec returns the OpenAPI 3.1 document, the same bytes as /openapi.json. It
// needs no bridge and no server.
func Spec() ([]byte, error) { return document() }

// document is written once; nothing in it depends on a Config.
var document = sync.OnceValues(func() ([]byte, error) {
	described, err := describe(newAPI(Config{}, http.NewServeMux()).huma.OpenAPI())
	if err != nil {
		return nil, err
	}
	compact, err := json.Marshal(described)
	if err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
})

func humaConfig() huma.Config {
	strict := huma.Format{Marshal: encode, Unmarshal: decode}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Brobygger", Version: Version,
				Description: "A consent-aware bridge for messages about one patient, between health and social care and with the patient. " +
					"What is pushed goes over the socket at `/ws` (subprotocol brobygger.v1); everything can be asked for here.\n\n" +
					"Every call needs a bearer token. Errors are RFC 9457 problems; a patient who does not exist and one whom the caller has nothing to do with give the same answer. " +
					"Calls that make something take a `mid`: the same mid is the same thing for ever, so that a call whose answer was lost can be made again.",
				License: &huma.License{Name: "Mozilla Public License 2.0", Identifier: "MPL-2.0"},
			},
			Servers: []*huma.Server{{URL: "/", Description: "The server that this document came from."}},
			Tags: []*huma.Tag{
				{Name: tagMe, Description: "The caller."},
				{Name: tagPatients, Description: "Patients, who is around them, and what happened."},
				{Name: tagConsents, Description: "The patient's yes and no."},
				{Name: tagMessages, Description: "Conversations, messages, files, and reading them."},
				{Name: tagEmergency, Description: "Breaking the glass."},
				{Name: tagLines, Description: "Direct lines: their hours, people, rotas and reports. Ringing goes over the socket."},
				{Name: tagAdmin, Description: "For an admin, who may see nothing about a patient by it."},
			},
			Components: &huma.Components{
				Schemas:         newRegistry(),
				Parameters:      headers(),
				Responses:       problems(),
				SecuritySchemes: map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "An access token (RFC 9068) of an issuer that the bridge trusts."}},
			},
		},
		Formats:       map[string]huma.Format{"application/json": strict, "json": strict},
		DefaultFormat: "application/json",
	}
}

// headers are the parameters that many routes share.
func headers() map[string]*huma.Param {
	return map[string]*huma.Param{
		"Role": {
			Name: HeaderRole, In: "header", Example: "PractitionerRole/holm-noerregade",
			Description: "The role to act in, for a practitioner with several.",
			Schema:      &huma.Schema{Type: huma.TypeString, Pattern: `^PractitionerRole/[A-Za-z0-9.-]{1,64}$`},
		},
		"AcceptLanguage": {
			Name: "Accept-Language", In: "header", Example: "da",
			Description: "The language of titles, reasons and remedies: da or en.",
			Schema:      &huma.Schema{Type: huma.TypeString},
		},
		"Fresh": {
			Name: HeaderFresh, In: "header", Example: "1",
			Description: "1: the client keeps the freshness rule.",
			Schema:      &huma.Schema{Type: huma.TypeString, Enum: []any{"1"}},
		},
	}
}

// problems describes every status by the codes that it may carry, out of the one
// table.
func problems() map[string]*huma.Response {
	byStatus := map[int][]string{}
	for _, c := range slices.Sorted(maps.Keys(bridge.Outcomes)) {
		if c == bridge.CodeResync {
			continue // only who resumes a log on the socket is told
		}
		s := bridge.Outcomes[c].Status
		byStatus[s] = append(byStatus[s], string(c))
	}
	out := map[string]*huma.Response{}
	for status, codes := range byStatus {
		out[problemName(status)] = &huma.Response{
			Description: http.StatusText(status) + ": " + strings.Join(codes, ", ") + ".",
			Content: map[string]*huma.MediaType{"application/problem+json": {
				Schema:  &huma.Schema{Ref: "#/components/schemas/Problem"},
				Example: newProblem(bridge.Code(codes[0]), english),
			}},
		}
	}
	return out
}

func problemName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }

// setExamples adds what a call and its answer look like.
func setExamples(o *huma.Operation) {
	e, ok := examples[o.OperationID]
	if !ok {
		return
	}
	if e.call != nil {
		o.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Example: e.call}}}
	}
	if e.answer != nil {
		status := o.DefaultStatus
		if status == 0 {
			status = http.StatusOK
		}
		o.Responses[itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content:     map[string]*huma.MediaType{"application/json": {Example: e.answer}},
		}
	}
}
