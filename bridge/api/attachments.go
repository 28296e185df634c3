// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"bytes"
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/brobygger/brobygger/bridge"
)

// upload is a file for a message.
type upload struct {
	Patient     bridge.PatientID `query:"patient" required:"true" doc:"About whom."`
	Topics      []bridge.Topic   `query:"topics" required:"true" minItems:"1" nullable:"false" doc:"What it is about, separated by commas."`
	Disposition string           `header:"Content-Disposition" required:"true" maxLength:"1000" example:"attachment; filename*=UTF-8''medicinliste.pdf" doc:"Its name, as filename or filename* (RFC 6266): not in the address, where logs would keep it."`
	RawBody     []byte           `contentType:"application/octet-stream"`
}

// download is a file as it leaves.
type download struct {
	ContentType   string `header:"Content-Type" doc:"The media type, found by the bytes: application/pdf, image/png, image/jpeg or text/plain."`
	Disposition   string `header:"Content-Disposition" doc:"Always attachment."`
	Security      string `header:"Content-Security-Policy" doc:"A sandbox, whatever the file is."`
	Disclosure    string `header:"Brobygger-Disclosure" doc:"What to close by close-disclosures; left out for one's own file."`
	ContentLength int    `header:"Content-Length"`
	Body          []byte
}

func (a *api) attachmentRoutes(v Messages, reading Reading) {
	serve(a, route{
		method: http.MethodPost, path: "/attachments", id: "upload-attachment", tag: tagMessages,
		summary: "Upload a file for a message",
		detail:  "PDF, PNG, JPEG or plain text, at most 10 MiB; the type is found by the bytes. A message then carries its id.",
		status:  http.StatusCreated, limit: bridge.MaxAttachment + 1, timeout: 90 * time.Second, codes: refusals,
	},
		func(ctx context.Context, c bridge.Caller, in *upload) (bridge.Attachment, error) {
			_, params, err := mime.ParseMediaType(in.Disposition)
			if err != nil || params["filename"] == "" {
				return bridge.Attachment{}, bridge.BadRequest("Content-Disposition without a filename")
			}
			// The buffer is used again for another request after this one.
			return v.Attach(ctx, c, in.Patient, params["filename"], in.Topics, bytes.Clone(in.RawBody))
		})
	r := route{
		method: http.MethodGet, path: "/attachments/{attachment}", id: "download-attachment", tag: tagMessages,
		summary: "Download a file", detail: "It is a disclosure. " + freshness, fresh: true, codes: refusals,
	}
	op := a.operation(r)
	op.Responses["200"] = &huma.Response{Description: "The file.", Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	huma.Register(a.huma, op, func(ctx context.Context, in *struct {
		Attachment bridge.AttachmentID `path:"attachment" maxLength:"64" doc:"The file's id."`
	},
	) (*download, error) {
		file, content, claim, err := reading.Attachment(ctx, callOf(ctx).caller, claimant(ctx), in.Attachment)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &download{
			ContentType:   file.Type,
			Disposition:   mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}),
			Security:      "sandbox; default-src 'none'; frame-ancestors 'none'",
			Disclosure:    string(claim),
			ContentLength: len(content),
			Body:          content,
		}, nil
	})
}
