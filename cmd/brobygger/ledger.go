// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
	"github.com/brobygger/brobygger/policy"
)

type ledgerCmd struct {
	Show    ledgerShowCmd    `cmd:"" help:"The record in plain words, from the bridge or from an export."`
	Proof   ledgerProofCmd   `cmd:"" help:"A receipt: the proof of one entry, to keep."`
	Export  ledgerExportCmd  `cmd:"" help:"The whole record with its proofs, as one file; or the whole ledger."`
	Verify  ledgerVerifyCmd  `cmd:"" help:"Verify an export or a receipt alone, without the bridge."`
	Key     ledgerKeyCmd     `cmd:"" help:"The ledger's public key, and its witnesses'."`
	Witness ledgerWitnessCmd `cmd:"" help:"Serve as a witness of others' ledgers, and nothing else."`
}

type ledgerShowCmd struct {
	remote
	Patient  string `help:"Whose record; a patient's own may be left out." placeholder:"PATIENT"`
	File     string `help:"An export to read instead; it has no names in it." type:"existingfile" placeholder:"FILE"`
	Language string `help:"Language of the sentences: da, en, ar or fa; without it, that of --lang." default:"" enum:",da,en,ar,fa"`
	After    uint64 `help:"Only what stands behind this number." placeholder:"N"`
}

// Run prints one sentence for each entry, oldest first.
func (l *ledgerShowCmd) Run(ctx context.Context, out *printer) error {
	if l.File != "" && l.Patient != "" {
		return usagef("give --patient PATIENT or --file FILE, not both")
	}
	l.Language = cmp.Or(l.Language, out.language)
	if l.File != "" {
		return l.fromFile(out)
	}
	p, err := l.whose(ctx, out.language, l.Patient)
	if err != nil {
		return err
	}
	all := []bridge.EntryView{}
	for after := l.After; ; {
		var page struct {
			Items []bridge.EntryView `json:"items"`
			Next  uint64             `json:"next"`
		}
		path := fmt.Sprintf("/api/v1/patients/%s/entries?limit=500&after=%d&language=%s", url.PathEscape(string(p)), after, l.Language)
		if err := l.call(ctx, out.language, http.MethodGet, path, nil, nil, &page); err != nil {
			return err
		}
		all = append(all, page.Items...)
		if after = page.Next; after == 0 {
			break
		}
	}
	if out.value(all) {
		return nil
	}
	out.entries(all)
	return nil
}

// fromFile words what stands in an export, whether or not it is whole.
func (l *ledgerShowCmd) fromFile(out *printer) error {
	words, err := policy.New(policy.Options{})
	if err != nil {
		return err
	}
	f, err := os.Open(l.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	all := []ledger.Entry{}
	if err := ledger.ReadEntries(f, func(e ledger.Entry) error {
		if e.Seq > l.After {
			all = append(all, e)
		}
		return nil
	}); err != nil {
		return fmt.Errorf("%s: %w", l.File, err)
	}
	if out.value(all) {
		return nil
	}
	for _, e := range all {
		out.printf("%4d  %s\n", e.Seq, words.Sentence(e, "", "", l.Language))
	}
	return nil
}

type ledgerProofCmd struct {
	remote
	Patient string `help:"Whose record; a patient's own may be left out." placeholder:"PATIENT"`
	Seq     uint64 `arg:"" help:"Number of the entry."`
	Out     string `help:"File to write, instead of printing; it must not be there." placeholder:"FILE"`
}

// Run fetches a receipt.
func (l *ledgerProofCmd) Run(ctx context.Context, out *printer) error {
	p, err := l.whose(ctx, out.language, l.Patient)
	if err != nil {
		return err
	}
	var got struct {
		Receipt string `json:"receipt"`
	}
	path := fmt.Sprintf("/api/v1/patients/%s/entries/%d/receipt", url.PathEscape(string(p)), l.Seq)
	if err := l.call(ctx, out.language, http.MethodGet, path, nil, nil, &got); err != nil {
		return err
	}
	if l.Out != "" {
		return writeNew(l.Out, func(w io.Writer) error { _, err := io.WriteString(w, got.Receipt); return err })
	}
	if !out.value(got) {
		_, err = io.WriteString(out.stdout, got.Receipt)
	}
	return err
}

// writeNew fills a file that is not there yet, for nobody else to read.
func writeNew(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

type ledgerExportCmd struct {
	remote
	Patient string `help:"Whose record; a patient's own may be left out." placeholder:"PATIENT"`
	Data    string `help:"Folder of the data: export the whole ledger. The bridge must be stopped; or take the folder of a restored backup." type:"existingdir" placeholder:"FOLDER"`
	Key     string `help:"With --data: the ledger's public key, as 'ledger key' prints it." placeholder:"KEY"`
	Hashes  bool   `help:"With --data: hashes only, nothing of anybody."`
	Earlier string `help:"An export, receipt or checkpoint that was given out before: that this one goes on from it is proved." type:"existingfile" placeholder:"FILE"`
	File    string `arg:"" help:"File to write; it must not be there."`
}

// Run writes an export.
func (l *ledgerExportCmd) Run(ctx context.Context, out *printer) error {
	if l.Data != "" && l.Patient != "" {
		return usagef("give --patient PATIENT or --data FOLDER, not both")
	}
	if err := writeNew(l.File, func(w io.Writer) error {
		if l.Data != "" {
			return l.whole(ctx, w)
		}
		return l.ofPatient(ctx, out, w)
	}); err != nil {
		return err
	}
	if !out.value(map[string]string{"file": l.File}) {
		out.printf("Exported to %s.\n", l.File)
		if !l.Hashes {
			out.printf("It holds health information: keep it safe.\n")
		}
	}
	return nil
}

func (l *ledgerExportCmd) ofPatient(ctx context.Context, out *printer, w io.Writer) error {
	p, err := l.whose(ctx, out.language, l.Patient)
	if err != nil {
		return err
	}
	path := "/api/v1/patients/" + url.PathEscape(string(p)) + "/export"
	if l.Earlier != "" {
		f, err := os.Open(l.Earlier)
		if err != nil {
			return err
		}
		size, err := ledger.SizeOf(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%s: %w", l.Earlier, err)
		}
		path += "?earlier=" + strconv.FormatUint(size, 10)
	}
	return l.fetch(ctx, out.language, path, w)
}

// whole exports a store that no bridge has open.
func (l *ledgerExportCmd) whole(ctx context.Context, w io.Writer) (err error) {
	key, err := ledger.ParseVerifier(l.Key)
	if err != nil {
		return usagef("--key: %v", err)
	}
	c, err := readConfig("", os.Environ())
	if err != nil {
		return err
	}
	s, err := openOffline(ctx, l.Data, c.Keys, !l.Hashes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return bridge.ExportLedger(ctx, s, key, !l.Hashes, time.Now(), w)
}

type ledgerKeyCmd struct {
	Server string `help:"Address of the bridge." env:"BROBYGGER_SERVER" default:"http://127.0.0.1:8080" placeholder:"URL"`
}

// Run prints the ledger's public keys, the log's first. Nobody needs to sign in.
func (l *ledgerKeyCmd) Run(ctx context.Context, out *printer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.Server+"/ledger/key", nil)
	if err != nil {
		return usagef("--server %s: no address", l.Server)
	}
	res, err := httpClient.Do(req)
	if err != nil {
		return &unreachableError{l.Server, err}
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return problemOf(res)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, ledger.MaxNote))
	if err != nil {
		return err
	}
	keys := strings.Fields(string(text))
	if len(keys) == 0 {
		return errors.New("the bridge has no key")
	}
	if !out.value(bridge.LedgerKeys{Log: keys[0], Witnesses: keys[1:]}) {
		out.printf("%s\n", strings.Join(keys, "\n"))
	}
	return nil
}
