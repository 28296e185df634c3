// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// DeskOptions say which policy decides, and where it comes from.
type DeskOptions struct {
	Store  bridge.Store
	Bundle string // file of a signed bundle; empty: the built-in policy decides
	Key    string // file of the public key (PEM); required with Bundle and Shadow
	Kept   string // file in which the last verified bundle is kept for the next start
	Shadow string // file of a candidate that is asked beside the policy; empty: none
	// Share of the decisions that the candidate is asked about, 0 to 1; 0: all.
	Share   float64
	Options Options
	Log     *slog.Logger
	Count   DeskCounts
}

// DeskCounts is told what happens at a desk.
type DeskCounts interface {
	// Loaded counts a bundle that was activated, or refused.
	Loaded(ok bool)
	// Shadowed counts a decision of the candidate: same, gain, lose or error.
	Shadowed(outcome string, action bridge.Action)
}

// Desk is a Switch with whoever puts policies into it: it verifies bundles, admits
// what is newer than anything that was active here, keeps the last one for the
// next start, and leaves the old one in force for whatever is refused.
type Desk struct {
	Switch
	o      DeskOptions
	public []byte

	mu      sync.Mutex // guards the following fields, and loading
	active  *Loaded    // nil: the built-in policy, or none
	since   time.Time
	refused string
	seen    map[string]stamp
}

// stamp is what a file looked like when it was read last.
type stamp struct {
	size    int64
	changed time.Time
}

// OpenDesk puts the first policy in force. A bundle that can't be is no error here:
// the bridge starts, denies everything, and Ready says why, so that the next bundle
// mends it.
func OpenDesk(ctx context.Context, o DeskOptions) (*Desk, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if (o.Bundle != "" || o.Shadow != "") && o.Key == "" {
		return nil, errors.New("a policy bundle needs the public key that it is signed with")
	}
	if o.Share <= 0 || o.Share > 1 {
		o.Share = 1
	}
	own, err := New(o.Options)
	if err != nil {
		return nil, err
	}
	d := &Desk{o: o, seen: map[string]stamp{}}
	d.words = own
	if o.Key != "" {
		if d.public, err = os.ReadFile(o.Key); err != nil {
			return nil, fmt.Errorf("reading the policy's key: %w", err)
		}
		if err := checkPublic(d.public); err != nil {
			return nil, fmt.Errorf("reading the policy's key: %w", err)
		}
	}
	if o.Bundle == "" {
		d.engine.Store(own)
	} else if err := d.load(ctx, o.Bundle, true); err != nil {
		d.refuse(ctx, err)
		if err := d.load(ctx, o.Kept, false); err != nil {
			o.Log.ErrorContext(ctx, "no policy is in force: everything is denied", slog.Any("error", err))
		}
	}
	if o.Shadow != "" {
		if err := d.loadShadow(ctx); err != nil {
			o.Log.ErrorContext(ctx, "no candidate is asked beside the policy", slog.Any("error", err))
		}
	}
	return d, nil
}

// Close ends the candidate.
func (d *Desk) Close() error {
	if s := d.shadow.Swap(nil); s != nil {
		s.close()
	}
	return nil
}

// Changed reports whether one of the files is not as it was read last.
func (d *Desk) Changed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, path := range []string{d.o.Bundle, d.o.Shadow} {
		if path == "" {
			continue
		}
		if now, err := look(path); err == nil && now != d.seen[path] {
			return true
		}
	}
	return false
}

func look(path string) (stamp, error) {
	i, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{i.Size(), i.ModTime()}, nil
}

// Reload reads the files again. What is refused changes nothing.
func (d *Desk) Reload(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	if d.o.Bundle != "" {
		if err = d.load(ctx, d.o.Bundle, true); err != nil {
			d.refuse(ctx, err)
		}
	}
	if d.o.Shadow != "" {
		if shadowErr := d.loadShadow(ctx); shadowErr != nil {
			d.o.Log.ErrorContext(ctx, "the candidate stays as it was", slog.Any("error", shadowErr))
			err = errors.Join(err, shadowErr)
		}
	}
	return err
}

func (d *Desk) refuse(ctx context.Context, err error) {
	d.refused = err.Error()
	d.o.Log.ErrorContext(ctx, "policy bundle refused", slog.Any("error", err))
	if d.o.Count != nil {
		d.o.Count.Loaded(false)
	}
}

// read reads a bundle's file once; what is verified is what was read.
func (d *Desk) read(path string) ([]byte, error) {
	if path == "" {
		return nil, errors.New("no file is named")
	}
	now, err := look(path)
	if err != nil {
		return nil, fmt.Errorf("reading a bundle: %w", err)
	}
	d.seen[path] = now
	if now.size > maxBundle {
		return nil, fmt.Errorf("reading a bundle: larger than %d bytes", maxBundle)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a bundle: %w", err)
	}
	return raw, nil
}

// load verifies a bundle, has it admitted, keeps it where it is new, and swaps.
func (d *Desk) load(ctx context.Context, path string, keep bool) error {
	raw, err := d.read(path)
	if err != nil {
		return err
	}
	l, err := Verify(ctx, raw, d.public, d.o.Options)
	if err != nil {
		return err
	}
	if d.active != nil && d.active.SHA256 == l.SHA256 {
		d.refused = ""
		return nil // it is in force already, with all that it has kept
	}
	at := time.Now().UTC()
	if err := bridge.Admit(ctx, d.o.Store, bridge.Activation{Revision: l.Revision, SHA256: l.SHA256, RollbackFrom: l.RollbackFrom, At: at}); err != nil {
		return fmt.Errorf("activating bundle %d: %w", l.Revision, err)
	}
	if keep && d.o.Kept != "" {
		if err := replaceFile(d.o.Kept, raw); err != nil {
			d.o.Log.ErrorContext(ctx, "the bundle is not kept for the next start", slog.Any("error", err))
		}
	}
	d.engine.Store(l.Engine)
	d.active, d.since = l, at
	if keep { // and not what was kept in its place
		d.refused = ""
	}
	d.o.Log.InfoContext(ctx, "policy activated", slog.String("revision", l.Engine.Revision()), slog.String("sha256", l.SHA256))
	if d.o.Count != nil {
		d.o.Count.Loaded(true)
	}
	return nil
}

// loadShadow verifies a candidate as if it were to decide, and asks it from now on.
func (d *Desk) loadShadow(ctx context.Context) error {
	raw, err := d.read(d.o.Shadow)
	if err != nil {
		return err
	}
	l, err := Verify(ctx, raw, d.public, d.o.Options)
	if err != nil {
		return err
	}
	if s := d.shadow.Load(); s != nil && s.loaded.SHA256 == l.SHA256 {
		return nil
	}
	count := func(string, bridge.Action) {}
	if d.o.Count != nil {
		count = d.o.Count.Shadowed
	}
	if old := d.shadow.Swap(newShadow(l, d.o.Share, count)); old != nil {
		old.close()
	}
	return nil
}

// replaceFile writes a file that is there whole, or as it was.
func replaceFile(path string, raw []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".policy-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err = f.Write(raw); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil //nolint:nilerr // the file is in its place; only how soon that survives is open
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Ready returns why nothing can be decided, nil when something can.
func (d *Desk) Ready(context.Context) error {
	if d.engine.Load() == nil {
		return errNoPolicy
	}
	return nil
}

// State is which policy decides now.
func (d *Desk) State() bridge.PolicyState {
	d.mu.Lock()
	s := bridge.PolicyState{Revision: d.Revision(), Since: d.since, Refused: d.refused}
	if d.active != nil {
		s.SHA256 = d.active.SHA256
	}
	d.mu.Unlock()
	if sh := d.shadow.Load(); sh != nil {
		s.Shadow = sh.state()
	}
	return s
}
