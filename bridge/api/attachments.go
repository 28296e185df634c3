// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/brobygger/brobygger/bridge"
)

// upload is a file for a message.
type upload struct {
	Patient     bridge.PatientID `query:"patient" required:"true" doc:"About whom."`
	Topics      []bridge.Topic   `query:"topics" required:"true" minItems:"1" nullable:"false" doc:"What it is about, separated by commas."`
	ContentType string           `header:"Content-Type" hidden:"true"`
	Disposition string           `header:"Content-Disposition" maxLength:"1000" example:"attachment; filename*=UTF-8''medicinliste.pdf" doc:"Its name, as filename or filename* (RFC 6266): not in the address, where logs would keep it. Left out for a form, whose part has one of its own."`
	RawBody     []byte           `contentType:"application/octet-stream"`
}

// download is a file as it leaves.
type download struct {
	Status        int
	AcceptRanges  string `header:"Accept-Ranges" doc:"Always bytes."`
	ContentRange  string `header:"Content-Range" doc:"Of a piece: which, and of how many bytes."`
	ContentType   string `header:"Content-Type" doc:"The media type, found by the bytes: application/pdf, image/png, image/jpeg or text/plain."`
	Disposition   string `header:"Content-Disposition" doc:"Always attachment."`
	Security      string `header:"Content-Security-Policy" doc:"A sandbox, whatever the file is."`
	Disclosure    string `header:"Brobygger-Disclosure" doc:"What to close by close-disclosures; left out for one's own file."`
	ContentLength int    `header:"Content-Length"`
	Body          []byte
}

// maxForm is what a form may need around its file.
const maxForm = 4 << 10

// file is what was uploaded, with its name.
func (in *upload) file() (name string, content []byte, err error) {
	kind, params, err := mime.ParseMediaType(in.ContentType)
	if err == nil && kind == "multipart/form-data" {
		name, content, err = formFile(multipart.NewReader(bytes.NewReader(in.RawBody), params["boundary"]))
	} else {
		name = fileName(in.Disposition)
		content = bytes.Clone(in.RawBody) // the buffer is used again for another request after this one
	}
	switch {
	case err != nil:
		return "", nil, err
	case name == "":
		return "", nil, bridge.BadRequest("Content-Disposition without a filename")
	case len(content) > bridge.MaxAttachment:
		return "", nil, &bridge.Error{Code: bridge.CodeTooLarge, Message: "a file of more than 10 MiB"}
	}
	return name, content, nil
}

// formFile reads a form's only part, which is a file.
func formFile(form *multipart.Reader) (name string, content []byte, err error) {
	part, err := form.NextRawPart()
	if err != nil {
		return "", nil, bridge.BadRequest("a form that can't be read")
	}
	if content, err = io.ReadAll(part); err != nil {
		return "", nil, bridge.BadRequest("a form that can't be read")
	}
	if _, err := form.NextRawPart(); !errors.Is(err, io.EOF) {
		return "", nil, bridge.BadRequest("a form with more than its file")
	}
	return fileName(part.Header.Get("Content-Disposition")), content, nil
}

func fileName(disposition string) string {
	_, params, err := mime.ParseMediaType(disposition)
	if err != nil {
		return ""
	}
	return params["filename"]
}

func (a *api) attachmentRoutes(v Messages, reading Reading) {
	serve(a, route{
		method: http.MethodPost, path: "/attachments", id: "upload-attachment", tag: tagMessages,
		summary: "Upload a file for a message",
		detail:  "PDF, PNG, JPEG or plain text, at most 10 MiB; the type is found by the bytes. A message then carries its id. The body is the file itself, or a form with one file, as a browser sends it.",
		status:  http.StatusCreated, limit: bridge.MaxAttachment + maxForm, timeout: 90 * time.Second, codes: refusals,
	},
		func(ctx context.Context, c bridge.Caller, in *upload) (bridge.Attachment, error) {
			name, content, err := in.file()
			if err != nil {
				return bridge.Attachment{}, err
			}
			return v.Attach(ctx, c, in.Patient, name, in.Topics, content)
		})
	a.huma.OpenAPI().Paths[base+"/attachments"].Post.RequestBody.Content["multipart/form-data"] = &huma.MediaType{Schema: &huma.Schema{
		Type: huma.TypeObject, Required: []string{"file"},
		Properties: map[string]*huma.Schema{"file": {Type: huma.TypeString, Format: "binary"}},
	}}
	r := route{
		method: http.MethodGet, path: "/attachments/{attachment}", id: "download-attachment", tag: tagMessages,
		summary: "Download a file", detail: "It is a disclosure. " + freshness + inPieces, fresh: true, codes: refusals,
	}
	op := a.operation(r)
	bytesOf := map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	op.Responses["200"] = &huma.Response{Description: "The file.", Content: bytesOf}
	op.Responses["206"] = &huma.Response{Description: "A piece of the file.", Content: bytesOf}
	huma.Register(a.huma, op, func(ctx context.Context, in *struct {
		Attachment bridge.AttachmentID `path:"attachment" maxLength:"64" doc:"The file's id."`
		Range      string              `header:"Range" maxLength:"64" example:"bytes=0-1048575" doc:"One range of bytes (RFC 9110); several, or another unit, give the whole file."`
	},
	) (*download, error) {
		caller := callOf(ctx).caller
		file, content, claim, err := reading.Attachment(ctx, caller, claimant(ctx), in.Attachment)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		status, which, size := http.StatusOK, "", len(content)
		p, ok, err := pieceOf(in.Range, size)
		if err != nil {
			if claim != "" { // no byte of it leaves (I10)
				err = errors.Join(err, reading.Close(ctx, caller, []bridge.DisclosureID{claim}, bridge.DisclosureUnsent))
			}
			return nil, a.problem(ctx, err)
		}
		if ok {
			status, which, content = http.StatusPartialContent, p.words(size), content[p.from:p.to]
		}
		return &download{
			Status:        status,
			AcceptRanges:  "bytes",
			ContentRange:  which,
			ContentType:   file.Type,
			Disposition:   mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}),
			Security:      "sandbox; default-src 'none'; frame-ancestors 'none'",
			Disclosure:    string(claim),
			ContentLength: len(content),
			Body:          content,
		}, nil
	})
}

// inPieces says how a slow reader gets a large file.
const inPieces = " Where the line is too slow for that, ask for pieces by `Range`: each is a disclosure of its own, with a beat, a claim and three seconds of its own. " +
	"A piece is not shown and not used; report it as stale when it has come. The file is shown when it is whole, while its last piece is fresh, and that piece alone is reported as shown."
