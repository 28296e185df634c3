// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/brobygger/brobygger/bridge/ledger"
	watching "github.com/brobygger/brobygger/bridge/witness"
)

// nobodySignsIn is a configuration with an issuer whom nobody asks (the key is that
// of RFC 8037, appendix A).
const nobodySignsIn = `
listen: 127.0.0.1:0
log: {format: json}
issuers:
  - issuer: https://login.example.dk
    audience: brobygger
    algorithms: [EdDSA]
    keys: {keys: [{kty: OKP, crv: Ed25519, kid: a, alg: EdDSA, use: sig, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo}]}
    assurance: {high: high}
`

// started is a program that serves until the test stops it.
type started struct {
	t       *testing.T
	process *exec.Cmd
	ended   chan error
}

// begin starts the program and takes what is looked for out of its first words.
func begin(t *testing.T, onStderr bool, want *regexp.Regexp, args ...string) (s *started, found []string) {
	t.Helper()
	c := exec.Command("brobygger", args...)
	pipe := c.StdoutPipe
	if onStderr {
		pipe = c.StderrPipe
	}
	out, err := pipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	s = &started{t: t, process: c, ended: make(chan error, 1)}
	t.Cleanup(s.stop)
	lines := bufio.NewScanner(out)
	var said []string
	for found == nil && lines.Scan() {
		said = append(said, lines.Text())
		found = want.FindStringSubmatch(lines.Text())
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		s.ended <- c.Wait()
	}()
	if found == nil {
		t.Fatalf("brobygger %s did not start:\n%s", strings.Join(args, " "), strings.Join(said, "\n"))
	}
	return s, found
}

// stop ends it well, once.
func (s *started) stop() {
	s.t.Helper()
	if s.ended == nil {
		return
	}
	_ = s.process.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Errorf("it ended with %v", err)
		}
	case <-time.After(patience):
		_ = s.process.Process.Kill()
		s.t.Error("it does not stop")
	}
	s.ended = nil
}

// serving starts a bridge on the data.
func serving(t *testing.T, data, config string) (s *started, url string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s, found := begin(t, true, regexp.MustCompile(`"msg":"serving".*"address":"([^"]+)"`), "serve", "--config", file, "--data", data)
	return s, "http://" + found[1]
}

// fetched fetches until there is something that is wanted.
func fetched(t *testing.T, url string, wanted func(string) bool) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			body, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err == nil && res.StatusCode == http.StatusOK && wanted(string(body)) {
				return string(body)
			}
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s does not tell", url)
		case <-tick.C:
		}
	}
}

func anything(text string) bool { return text != "" }

// Two authorities' bridges and one witness, each a program of its own: the witness
// cosigns both, by being asked, and another one by asking.
func TestTwoBridgesAndTheirWitness(t *testing.T) {
	data := []string{t.TempDir(), t.TempDir()}
	keys, logs := make([]string, 2), make([]*ledger.Verifier, 2)
	args := []string{"--json", "ledger", "witness", "--listen", "127.0.0.1:0"}
	for i, d := range data { // a log's key is made at its first start
		s, url := serving(t, d, nobodySignsIn)
		keys[i] = strings.Fields(fetched(t, url+"/ledger/key", anything))[0]
		fetched(t, url+"/ledger/checkpoint", anything)
		s.stop()
		var err error
		if logs[i], err = ledger.ParseVerifier(keys[i]); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--log", keys[i])
	}
	witness := func(name string, more ...string) (url string, key *ledger.Verifier) {
		t.Helper()
		home := t.TempDir()
		all := append(slices.Clone(args), "--name", name, "--key", filepath.Join(home, "key"), "--state", filepath.Join(home, "state.json"))
		_, found := begin(t, false, regexp.MustCompile(`"url": *"([^"]+)"`), append(all, more...)...)
		seed, err := seedFile(filepath.Join(home, "key"), "")
		if err != nil {
			t.Fatal(err)
		}
		signer, err := ledger.NewWitness(name, seed, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		return found[1], signer.Verifier()
	}
	asked, key := witness("town.example/witness")
	config, err := json.Marshal(map[string]any{"witnesses": []map[string]string{{"url": asked, "key": key.String()}}})
	if err != nil {
		t.Fatal(err)
	}
	urls := make([]string, 2)
	for i, d := range data {
		_, urls[i] = serving(t, d, nobodySignsIn+"ledger: "+string(config)+"\n")
	}
	pulling, itself := witness("other.example/witness", "--pull", urls[0], "--pull", urls[1], "--every", "1s")
	for i, log := range logs {
		cosigned := func(url string, by *ledger.Verifier) {
			t.Helper()
			note := fetched(t, url, anything)
			c, err := ledger.OpenCheckpoint([]byte(note), log, by)
			if err != nil || c.Size == 0 || len(c.Cosigned) != 1 || c.Cosigned[0].Witness != by.Name() {
				t.Errorf("%s: %+v, %v", url, c, err)
			}
		}
		cosigned(urls[i]+"/ledger/checkpoint?cosigned=1", key)
		cosigned(asked+"/"+watching.OriginHash(log.Name())+"/checkpoint", key)
		cosigned(pulling+"/"+watching.OriginHash(log.Name())+"/checkpoint", itself)
	}
}
