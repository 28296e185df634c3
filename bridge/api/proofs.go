// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/brobygger/brobygger/bridge"
)

// receipt proves one entry.
type receipt struct {
	Receipt string `json:"receipt" doc:"Text in the form c2sp.org/tlog-proof@v1; its extra data are the salt and the entry, whose SHA-256 is the leaf."`
}

// export is a record as a file.
type export struct {
	ContentType string `header:"Content-Type" doc:"Lines of JSON."`
	Disposition string `header:"Content-Disposition" doc:"Always attachment."`
	Body        []byte
}

func (a *api) proofRoutes(v Proofs) {
	serve(a, route{
		method: http.MethodGet, path: "/patients/{patient}/entries/{seq}/receipt", id: "get-receipt", tag: tagPatients,
		summary: "Prove an entry of the record",
		detail:  "The entry's place in the tree that the bridge has signed, to be checked offline. For who may read the entry.", codes: []bridge.Code{bridge.CodeNotFound},
	},
		func(ctx context.Context, c bridge.Caller, in *struct {
			Patient bridge.PatientID `path:"patient" doc:"The patient's id."`
			Seq     uint64           `path:"seq" minimum:"1" doc:"The entry's number."`
		},
		) (receipt, error) {
			text, err := v.Receipt(ctx, c, in.Patient, in.Seq)
			return receipt{string(text)}, err
		})
	op := a.operation(route{
		method: http.MethodGet, path: "/patients/{patient}/export", id: "export-record", tag: tagPatients,
		summary: "Export the whole record, with proofs",
		detail:  "One file that is verified without the bridge, and names what was changed, removed, reordered or forked (docs/ledger.md). For who may read the entries.",
		codes:   []bridge.Code{bridge.CodeNotFound},
	})
	op.Responses["200"] = &huma.Response{Description: "The file.", Content: map[string]*huma.MediaType{
		"application/jsonl": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	huma.Register(a.huma, op, func(ctx context.Context, in *struct {
		Patient bridge.PatientID `path:"patient" doc:"The patient's id."`
		Earlier uint64           `query:"earlier" default:"0" doc:"The size of a tree that the reader has a checkpoint of: that the export's goes on from it is proved. 0: none."`
	},
	) (*export, error) {
		var file bytes.Buffer
		if err := v.Export(ctx, callOf(ctx).caller, in.Patient, in.Earlier, &file); err != nil {
			return nil, a.problem(ctx, err)
		}
		return &export{"application/jsonl", `attachment; filename="record.jsonl"`, file.Bytes()}, nil
	})
}

// public is what anybody may ask of the ledger, in text: there is nothing of
// anybody in it, and who verifies must not need an account.
func (a *api) public(mux *http.ServeMux) {
	text := func(path string, f func(r *http.Request) ([]byte, error)) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			out, err := f(r)
			if err != nil {
				a.refuse(w, r, err)
				return
			}
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			_, _ = w.Write(out) // whoever asked has gone
		})
	}
	text("/ledger/checkpoint", func(r *http.Request) ([]byte, error) {
		return a.Bridge.Checkpoint(r.Context(), r.URL.Query().Get("cosigned") == "1")
	})
	text("/ledger/key", func(*http.Request) ([]byte, error) {
		keys, err := a.Bridge.LedgerKeys()
		out := []byte(keys.Log + "\n")
		for _, w := range keys.Witnesses {
			out = append(out, w+"\n"...)
		}
		return out, err
	})
	text("/ledger/consistency", func(r *http.Request) ([]byte, error) {
		old, err1 := size(r, "old")
		now, err2 := size(r, "size")
		if err1 != nil || err2 != nil {
			return nil, bridge.BadRequest("old and size are numbers of leaves")
		}
		proof, err := a.Bridge.ProvePrefix(r.Context(), old, now)
		var out bytes.Buffer
		for _, h := range proof {
			fmt.Fprintln(&out, h)
		}
		return out.Bytes(), err
	})
	if a.Witness != nil {
		mux.Handle(WitnessPrefix+"/", a.Witness)
	}
}

// WitnessPrefix is where the bridge serves as a witness of other logs.
const WitnessPrefix = "/witness"

func size(r *http.Request, name string) (uint64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	return strconv.ParseUint(text, 10, 62)
}
