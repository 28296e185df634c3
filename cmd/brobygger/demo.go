// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/auth"
	"github.com/brobygger/brobygger/bridge/fhir"
	"github.com/brobygger/brobygger/cmd/brobygger/demo"
)

type demoCmd struct {
	Listen string `help:"Address to listen on; of this machine only." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Data   string `help:"Folder of the data. Without it, a temporary one that is removed at the end." placeholder:"FOLDER"`
	LogAs  string `name:"log" help:"What to log to standard error: debug, info, warn or error." default:"error" placeholder:"LEVEL"`

	policyFlags
}

// demoIssuer is who vouches for the demo's people in its files. The built-in
// issuer has the demo's address for a name, and takes its place.
const demoIssuer = demo.Issuer

// demoAdmin signs in to import and to close accounts.
const demoAdmin = "admin"

// Run serves the demo region until it is told to stop.
func (d *demoCmd) Run(ctx context.Context, out *printer) error {
	c := defaults()
	c.Log.Level, c.Log.Format = d.LogAs, "text"
	d.put(&c)
	log, err := c.logger(out.stderr)
	if err != nil {
		return err
	}
	if err := onLoopback(d.Listen); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", d.Listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	if c.Data = d.Data; c.Data == "" {
		if c.Data, err = os.MkdirTemp("", "brobygger-demo-"); err != nil {
			return errors.Join(fmt.Errorf("making a folder: %w", err), ln.Close())
		}
		defer func() { _ = os.RemoveAll(c.Data) }()
	}
	s, err := newDemo(ctx, c, ln.Addr().String(), log)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	out.welcome("http://"+ln.Addr().String(), d.Data)
	return s.serve(ctx, ln, time.Second)
}

// newDemo makes a service with the demo region in it, and with its own issuer.
func newDemo(ctx context.Context, c config, address string, log *slog.Logger) (*service, error) {
	batch, err := region(time.Now())
	if err != nil {
		return nil, err
	}
	people := map[string]bool{}
	for _, r := range batch.Resources {
		if a, ok := r.(bridge.Account); ok {
			people[a.Subject.Name] = true
		}
	}
	issuer, err := auth.NewIssuer(auth.IssuerOptions{
		Listen: address, Audience: "brobygger",
		Subjects: func(name string) ([]string, bool) {
			if name == demoAdmin {
				return []string{auth.ScopeAdmin}, true
			}
			return nil, people[name]
		},
	})
	if err != nil {
		return nil, fmt.Errorf("making the demo's issuer: %w", err)
	}
	for i, r := range batch.Resources {
		if a, ok := r.(bridge.Account); ok {
			a.Subject.Issuer = issuer.URL()
			batch.Resources[i] = a
		}
	}
	batch.Resources = append(batch.Resources, adminOf(issuer.URL())...)
	verifier, err := auth.Open(ctx, auth.Config{Issuers: []auth.TrustedIssuer{issuer.Trust()}, Log: log})
	if err != nil {
		return nil, fmt.Errorf("trusting the demo's issuer: %w", err)
	}
	s, err := newService(ctx, c, verifier, log)
	if err != nil {
		return nil, errors.Join(err, verifier.Close())
	}
	s.closers = append(s.closers, verifier.Close)
	if _, err := s.bridge.Import(ctx, bridge.Caller{Admin: true}, batch); err != nil {
		return nil, errors.Join(fmt.Errorf("importing the demo region: %w", err), s.close())
	}
	s.handler = withIssuer(s.handler, issuer)
	return s, nil
}

// region reads the demo's files as they are on the day of now.
func region(now time.Time) (bridge.ImportBatch, error) {
	files, err := demo.Load(now)
	if err != nil {
		return bridge.ImportBatch{}, err
	}
	reader := fhir.Reader{Now: func() time.Time { return now }}
	for _, f := range files {
		if err := reader.Add(f.Name, bytes.NewReader(f.Data)); err != nil {
			return bridge.ImportBatch{}, fmt.Errorf("reading %s: %w", f.Name, err)
		}
	}
	batch, _, err := reader.Batch()
	if err != nil {
		return batch, fmt.Errorf("reading the demo region: %w", err)
	}
	return batch, nil
}

// adminOf is the demo's administrator. The role has no function for any patient.
func adminOf(issuer string) []bridge.Resource {
	return []bridge.Resource{
		bridge.Practitioner{ID: demoAdmin, Name: "IT, Region Nordbro", Active: true},
		bridge.PractitionerRole{ID: demoAdmin, Practitioner: demoAdmin, Organization: "region", Code: "it", Title: "IT", Active: true},
		bridge.Account{Subject: bridge.Subject{Issuer: issuer, Name: demoAdmin}, Person: bridge.TypePractitioner + "/" + demoAdmin},
	}
}

// withIssuer serves the issuer beside everything else.
func withIssuer(h http.Handler, issuer *auth.Issuer) http.Handler {
	own := issuer.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/demo/") || strings.HasPrefix(r.URL.Path, "/.well-known/") {
			own.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// onLoopback refuses an address that others can reach: whoever reaches the demo
// can sign in as anybody.
func onLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return usagef("--listen %s: want HOST:PORT", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usagef("--listen %s: the demo lets anybody sign in as anybody, so it listens on this machine only (127.0.0.1)", address)
	}
	return nil
}

// welcome says where to sign in as whom, and what to try.
func (p *printer) welcome(url, data string) {
	if p.line(map[string]string{"url": url, "data": data}) {
		return
	}
	kept := "in a temporary folder, which goes with this run"
	if data != "" {
		kept = "in " + data
	}
	p.printf("%s  %s\n\n", p.bold("Brobygger is at"), p.bold(url))
	p.printf("The region of Nordbro is made up; its people, too.\nEverything is kept %s.\n", kept)
	p.printf("Anybody on this machine can be anybody here. Some of whom:\n\n")
	for _, somebody := range [][2]string{
		{"gp-holm", "GP of Jens"},
		{"psy-lund", "psychiatrist who treats him"},
		{"sw-hanne", "his support worker"},
		{"cw-mette", "caseworker at the jobcentre"},
		{"jens", "Jens, the patient"},
		{demoAdmin, "may import and close accounts"},
	} {
		p.printf("  %s%s  %s\n", p.bold(somebody[0]), strings.Repeat(" ", len("sw-hanne")-len(somebody[0])), somebody[1])
	}
	p.printf("\nIn a second terminal, watch what arrives at the psychiatrist:\n\n")
	if program, err := os.Executable(); err == nil && !onPath() {
		p.command("  ", "export PATH="+quote(filepath.Dir(program))+":$PATH")
	}
	p.command("  ", p.at(url, "brobygger listen --as psy-lund"))
	p.printf("\nand in a third, write as the GP:\n\n")
	p.command("  ", p.at(url, `brobygger send --as gp-holm --patient jens --to treating-psychiatrist --purpose treatment --topic medication "Who follows the blood tests up?"`))
	p.printf("\nOr let it play the whole story:\n\n")
	p.command("  ", p.at(url, "brobygger story"))
	p.printf("\nHTTP     %s/openapi.json\nmetrics  %s/metrics\nstop     Ctrl-C\n", url, url)
}

// onPath says whether the shell would find the program.
func onPath() bool {
	_, err := exec.LookPath("brobygger")
	return err == nil
}

// at adds the server to a command when it is not the usual one.
func (p *printer) at(url, command string) string {
	if url == defaultServer {
		return command
	}
	return command + " --server " + url
}
