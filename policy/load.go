// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/bundle"
)

// A bundle is refused for its size before anything of it is read.
const (
	maxBundle   = 8 << 20  // packed
	maxUnpacked = 32 << 20 // all files together
	maxFile     = 8 << 20
)

// Loaded is a bundle that was verified, compiled and tried.
type Loaded struct {
	Manifest
	Engine *Engine
	SHA256 string // hex, of the bundle as it is signed
	Raw    []byte // the bundle
}

// Verify reads a bundle, checks its signature under the public key (PEM), compiles
// it with the pure built-ins alone, and lets it pass its own tests, its own cases
// and a few questions that must be denied under any law. Whatever is missing,
// unsigned, changed, conflicting or endless is an error.
func Verify(ctx context.Context, raw, public []byte, o Options) (*Loaded, error) {
	b, m, err := open(raw, public)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	l := &Loaded{Manifest: m, SHA256: hex.EncodeToString(sum[:]), Raw: raw}
	s := &Sources{Modules: map[string][]byte{}, Data: b.Data}
	for _, f := range b.Modules {
		s.Modules[f.RelativePath[1:]] = f.Raw
	}
	if l.Engine, err = o.load(ctx, s, fmt.Sprintf("%d-%s", m.Revision, l.SHA256[:12])); err != nil {
		return nil, fmt.Errorf("bundle %d: %w", m.Revision, err)
	}
	return l, nil
}

// fits refuses what is too large, packed or not.
func fits(raw []byte) error {
	if len(raw) > maxBundle {
		return fmt.Errorf("reading a bundle: larger than %d bytes", maxBundle)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("reading a bundle: %w", err)
	}
	n, err := io.Copy(io.Discard, io.LimitReader(unpacked, maxUnpacked+1))
	if err != nil {
		return fmt.Errorf("reading a bundle: %w", err)
	}
	if n > maxUnpacked {
		return fmt.Errorf("reading a bundle: larger than %d bytes when unpacked", maxUnpacked)
	}
	return nil
}

// open reads a bundle and checks its signature and manifest.
func open(raw, public []byte) (b bundle.Bundle, m Manifest, err error) {
	if err := checkPublic(public); err != nil {
		return b, m, err
	}
	if err := fits(raw); err != nil {
		return b, m, err
	}
	keys := map[string]*bundle.KeyConfig{keyName: {Key: string(public), Algorithm: signedBy}}
	b, err = bundle.NewReader(bytes.NewReader(raw)).WithSizeLimitBytes(maxFile).
		WithBundleVerificationConfig(bundle.NewVerificationConfig(keys, keyName, "", nil)).Read()
	if err != nil {
		return b, m, fmt.Errorf("verifying a bundle: %w", err)
	}
	if m, err = manifestOf(&b); err != nil {
		return b, m, fmt.Errorf("verifying a bundle: %w", err)
	}
	return b, m, nil
}

// manifestOf reads what the signed manifest says, and refuses what a policy of
// ours never holds.
func manifestOf(b *bundle.Bundle) (m Manifest, err error) {
	if b.Manifest.Metadata[kindField] != kindValue {
		return m, errors.New("it is not a policy of this program")
	}
	if len(b.WasmModules)+len(b.PlanModules)+len(b.Manifest.FileRegoVersions) > 0 {
		return m, errors.New("it holds more than rules and data")
	}
	if m.Revision, err = strconv.ParseUint(b.Manifest.Revision, 10, 63); err != nil || m.Revision == 0 {
		return m, errors.New("its revision is no number above 0")
	}
	if from, ok := b.Manifest.Metadata[fromField]; ok {
		text, _ := from.(string)
		if m.RollbackFrom, err = strconv.ParseUint(text, 10, 63); err != nil {
			return m, errors.New("what it rolls back from is no number")
		}
	}
	return m, nil
}

const (
	// trying bounds how long a bundle may take for all of its tests.
	trying = 2 * time.Minute
	// leisure is how many times longer than a decision a test may take: it runs
	// beside what decides, and a busy machine is no reason to refuse a bundle.
	leisure = 10
)

// load makes an engine of sources and tries it.
func (o Options) load(ctx context.Context, s *Sources, revision string) (*Engine, error) {
	l, err := lawOf(s.Data["law"])
	if err != nil {
		return nil, err
	}
	trees, _ := s.Data["texts"].(map[string]any)
	texts, err := wordsOf(trees)
	if err != nil {
		return nil, err
	}
	log, err := readLogTexts() // the record's sentences are the program's
	if err != nil {
		return nil, err
	}
	cases, err := readTables(s.Data["cases"])
	if err != nil {
		return nil, err
	}
	law := map[string]any{"law": s.Data["law"]}
	raw, err := json.Marshal(law)
	if err != nil {
		return nil, fmt.Errorf("reading law: %w", err)
	}
	p, err := compileAlone(ctx, s.rules(), law, raw)
	if err != nil {
		return nil, err
	}
	p.content, p.revision = p.revision, revision
	e := o.engine(l, texts, log, p)
	o.Budget = leisure * e.budget
	tried := o.engine(l, texts, log, p)
	ctx, cancel := context.WithTimeout(ctx, trying)
	defer cancel()
	if err := runTests(ctx, s, p, tried.budget); err != nil {
		return nil, err
	}
	if err := cases.check(ctx, tried); err != nil {
		return nil, err
	}
	if err := tried.smoke(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// compileAlone compiles while nobody else does.
func compileAlone(ctx context.Context, rules map[string][]byte, law map[string]any, raw []byte) (*program, error) {
	programs.mu.Lock()
	defer programs.mu.Unlock()
	return compile(ctx, rules, law, raw)
}
