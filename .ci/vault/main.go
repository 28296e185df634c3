// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Command vault is HashiCorp Vault's transit engine behind an address of this machine, for
// the tests of bridge/seal. The engine, its storage of keys, its versions, its
// ciphertexts and how its errors are answered are Vault's own code; the rest of
// Vault is not here: there is one token, which may do everything, and seal and
// unseal are lines on standard input, at whose end the program goes.
//
// The engine is under the Business Source License 1.1, which allows its use in
// tests. Nothing of it is in what Brobygger builds.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/builtin/logical/transit"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

const mount = "/v1/transit/"

func main() {
	token := flag.String("token", "", "the token that is let in")
	flag.Parse()
	if err := run(*token); err != nil {
		log.Fatal(err)
	}
}

func run(token string) error {
	ctx := context.Background()
	v := &vault{token: token, storage: &logical.InmemStorage{}}
	config := logical.TestBackendConfig()
	config.StorageView = v.storage
	var err error
	if v.engine, err = transit.Factory(ctx, config); err != nil {
		return fmt.Errorf("making the engine: %w", err)
	}
	if err := v.engine.Initialize(ctx, &logical.InitializationRequest{Storage: v.storage}); err != nil {
		return fmt.Errorf("initializing the engine: %w", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: v, ReadHeaderTimeout: 5 * time.Second}
	go v.obey(server)
	fmt.Println("ready http://" + ln.Addr().String())
	if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type vault struct {
	token   string
	storage logical.Storage
	engine  logical.Backend
	sealed  atomic.Bool
}

// obey does what standard input says, until it ends.
func (v *vault) obey(server *http.Server) {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		v.sealed.Store(lines.Text() == "seal")
		fmt.Println("done")
	}
	_ = server.Close()
}

// ServeHTTP hands a request to the engine, as Vault's own handlers do.
func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, mount)
	switch {
	case v.sealed.Load():
		logical.RespondError(w, http.StatusServiceUnavailable, consts.ErrSealed)
		return
	case r.Header.Get(consts.AuthHeaderName) != v.token:
		logical.RespondError(w, http.StatusForbidden, logical.ErrPermissionDenied)
		return
	case !ok:
		logical.RespondError(w, http.StatusNotFound, logical.ErrUnsupportedPath)
		return
	}
	req := &logical.Request{ID: "1", Path: path, MountPoint: "transit/", Storage: v.storage, Operation: logical.ReadOperation}
	if r.Method == http.MethodPut || r.Method == http.MethodPost {
		req.Operation = logical.UpdateOperation
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&req.Data); err != nil && r.ContentLength > 0 {
			logical.RespondError(w, http.StatusBadRequest, err)
			return
		}
		found, there, err := v.engine.HandleExistenceCheck(r.Context(), req)
		if err == nil && found && !there {
			req.Operation = logical.CreateOperation
		}
	}
	res, err := v.engine.HandleRequest(r.Context(), req)
	if status, err := logical.RespondErrorCommon(req, res, err); status != 0 {
		logical.RespondError(w, status, err)
		return
	}
	if res == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(logical.LogicalResponseToHTTPResponse(res))
}
