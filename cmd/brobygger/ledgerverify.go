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
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge/api"
	"github.com/brobygger/brobygger/bridge/ledger"
	watching "github.com/brobygger/brobygger/bridge/witness"
)

type ledgerVerifyCmd struct {
	File    string   `arg:"" help:"The export or the receipt." type:"existingfile"`
	Key     string   `help:"The ledger's public key, which came another way than the file." required:"" placeholder:"KEY"`
	Witness []string `help:"Public key of a witness whose cosignature is wanted." placeholder:"KEY"`
	Earlier string   `help:"An export, receipt or checkpoint that was given out before." type:"existingfile" placeholder:"FILE"`
}

// Run verifies without asking anybody. What is wrong is named, and exits with 1.
func (l *ledgerVerifyCmd) Run(out *printer) error {
	trust, err := l.trust()
	if err != nil {
		return err
	}
	f, err := os.Open(l.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	head, err := io.ReadAll(io.LimitReader(f, 2*ledger.MaxNote))
	if err != nil {
		return err
	}
	if r, err := ledger.ParseReceipt(head); err == nil {
		return l.receipt(out, r, trust)
	}
	if _, err := ledger.ReadCheckpoint(head); err == nil {
		return fmt.Errorf("%s: this is a checkpoint: there are no entries in it to verify; give it as --earlier, with an export", l.File)
	}
	report, err := ledger.VerifyExport(io.MultiReader(bytes.NewReader(head), f), trust)
	if err != nil {
		return fmt.Errorf("%s: %w", l.File, err)
	}
	lacking := lacks(trust.Witnesses, report.Cosigned)
	if !out.value(report) {
		out.report(report)
		for _, name := range lacking {
			out.printf("NOT WHOLE  %s has not cosigned.\n", name)
		}
	}
	if !report.Whole() || len(lacking) > 0 {
		return errTold
	}
	return nil
}

func (l *ledgerVerifyCmd) trust() (ledger.Trust, error) {
	var t ledger.Trust
	var err error
	if t.Log, err = ledger.ParseVerifier(l.Key); err != nil {
		return t, usagef("--key: %v", err)
	}
	if t.Witnesses, err = verifiers(l.Witness); err != nil {
		return t, usagef("--witness: %v", err)
	}
	if l.Earlier == "" {
		return t, nil
	}
	f, err := os.Open(l.Earlier)
	if err != nil {
		return t, err
	}
	if t.Earlier, err = ledger.ReadEarlier(f, t.Log, t.Witnesses...); err != nil {
		err = fmt.Errorf("%s: %w", l.Earlier, err)
	}
	return t, errors.Join(err, f.Close())
}

// lacks names the witnesses that were wanted and have not cosigned.
func lacks(want []*ledger.Verifier, have []ledger.Cosignature) []string {
	var names []string
	for _, w := range want {
		found := false
		for _, c := range have {
			found = found || c.Witness == w.Name()
		}
		if !found {
			names = append(names, w.Name())
		}
	}
	return names
}

func (l *ledgerVerifyCmd) receipt(out *printer, r ledger.Receipt, trust ledger.Trust) error {
	e, c, err := r.Open(trust.Log, trust.Witnesses...)
	if err != nil {
		out.printf("NOT WHOLE  leaf %d: changed: %v\n", r.Leaf, err)
		return errTold
	}
	if !out.value(map[string]any{"entry": e, "size": c.Size, "cosigned": c.Cosigned}) {
		out.printf("Whole: entry %d of patient %s is leaf %d of %d in the tree of %s.\n", e.Seq, e.Patient, r.Leaf, c.Size, c.Origin)
		out.cosigned(c.Cosigned)
	}
	if lacking := lacks(trust.Witnesses, c.Cosigned); len(lacking) > 0 {
		return fmt.Errorf("%s has not cosigned", lacking[0])
	}
	return nil
}

// report prints what came out of verifying an export.
func (p *printer) report(r ledger.Report) {
	for _, f := range r.Findings {
		p.printf("NOT WHOLE  %s\n", f)
	}
	if r.More > 0 {
		p.printf("NOT WHOLE  and %d more\n", r.More)
	}
	whose := "the whole ledger"
	if r.Patient != "" {
		whose = "patient " + r.Patient
	}
	if r.Whole() {
		p.printf("Whole: %d entries of %s, none missing, none changed, in the tree of %d leaves that %s signed.\n", r.Entries, whose, r.Size, r.Origin)
	} else {
		p.printf("%d entries of %s were read, and this is wrong with them.\n", r.Entries, whose)
	}
	if r.Sealed > 0 {
		p.printf("%d are told without their content.\n", r.Sealed)
	}
	if r.Earlier {
		p.printf("They were compared with what was given out before.\n")
	}
	p.cosigned(r.Cosigned)
}

func (p *printer) cosigned(all []ledger.Cosignature) {
	for _, c := range all {
		p.printf("Cosigned by %s at %s.\n", c.Witness, c.At.Format(time.RFC3339))
	}
}

type ledgerWitnessCmd struct {
	Listen string   `help:"Address to listen on; a proxy in front speaks TLS." default:"127.0.0.1:8081" placeholder:"HOST:PORT"`
	Name   string   `help:"The witness's name: a domain and a path, say kommune.dk/witness." required:"" placeholder:"NAME"`
	Key    string   `help:"File of the witness's key; it is made when it is not there." default:"witness.key" placeholder:"FILE"`
	State  string   `help:"File of what was cosigned; one witness may use it." default:"witness.json" placeholder:"FILE"`
	Log    []string `help:"Public key of a ledger to witness, as 'ledger key' prints it; again for more." required:"" placeholder:"KEY"`

	Pull  []string      `help:"Address of a bridge whose ledger is fetched, so that nobody has to reach the witness; again for more." placeholder:"URL"`
	Every time.Duration `help:"How often to fetch." default:"1m"`
}

// Run serves add-checkpoint until it is told to stop.
func (l *ledgerWitnessCmd) Run(ctx context.Context, out *printer) error {
	logs, err := verifiers(l.Log)
	if err != nil {
		return usagef("--log: %v", err)
	}
	for _, u := range l.Pull {
		if parsed, err := url.Parse(u); err != nil || parsed.Host == "" {
			return usagef("--pull %s: no address", u)
		}
	}
	if l.Every < time.Second {
		return usagef("--every %s: a second or more", l.Every)
	}
	seed, err := seedFile(l.Key, "")
	if err != nil {
		return err
	}
	key, err := ledger.NewWitness(l.Name, seed, time.Now)
	if err != nil {
		return usagef("--name: %v", err)
	}
	state, err := watching.InFile(l.State)
	if err != nil {
		return err
	}
	w, err := watching.New(key, logs, state, slog.New(slog.NewTextHandler(out.stderr, nil)))
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", l.Listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	if !out.value(map[string]string{"url": "http://" + ln.Addr().String() + api.WitnessPrefix, "key": w.Key()}) {
		out.printf("Witness of %d at http://%s%s\nKey: %s\n", len(logs), ln.Addr(), api.WitnessPrefix, w.Key())
	}
	var pulling sync.WaitGroup
	defer pulling.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if len(l.Pull) > 0 {
		puller := watching.NewPuller(w, l.Pull, nil)
		pulling.Go(func() { every(ctx, l.Every, func(ctx context.Context) { _ = puller.Pull(ctx) }) }) // it logs what went wrong
	}
	return serveUntil(ctx, api.NewServer(ln.Addr().String(), w.Handler(api.WitnessPrefix)), ln)
}

// serveUntil serves until ctx ends.
func serveUntil(ctx context.Context, server *http.Server, ln net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(ending)
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// fetch writes the answer of a call as it comes.
func (r remote) fetch(ctx context.Context, language, path string, w io.Writer) error {
	return r.call(ctx, language, http.MethodGet, path, nil, nil, w)
}
