// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package witness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
	"github.com/brobygger/brobygger/bridge/ledger"
)

// InStore keeps the state in a bridge's store, where all of its nodes find it.
func InStore(s bridge.Store, now func() time.Time) State { return stored{s, now} }

type stored struct {
	store bridge.Store
	now   func() time.Time
}

func (s stored) Last(ctx context.Context, origin string) (note []byte, err error) {
	err = s.store.View(ctx, func(tx bridge.Tx) error {
		t, err := tx.Checkpoints().Witnessed(origin)
		note = t.Note
		return err
	})
	if errors.Is(err, bridge.ErrNotFound) {
		return nil, nil
	}
	return note, err
}

func (s stored) Advance(ctx context.Context, origin string, old uint64, note []byte) error {
	c, err := ledger.ReadCheckpoint(note)
	if err != nil {
		return err
	}
	err = s.store.Update(ctx, "", func(tx bridge.Tx) error {
		return tx.Checkpoints().PutWitnessed(origin, old, bridge.SignedTree{Size: c.Size, Note: note, Cosigned: true, At: s.now()})
	})
	if bridge.CodeOf(err) == bridge.CodeConflict {
		return ErrMoved
	}
	return err
}

// InFile keeps the state in a file of its own, for a witness that runs alone. The
// file holds what docs/ledger.md says: JSON, checkpoints by origin. One process
// may use it.
func InFile(path string) (State, error) {
	f := &file{path: path, notes: map[string]string{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the witness's state: %w", err)
	}
	if err := json.Unmarshal(text, &f.notes); err != nil {
		return nil, fmt.Errorf("reading the witness's state: %w", err)
	}
	for origin, note := range f.notes {
		if c, err := ledger.ReadCheckpoint([]byte(note)); err != nil || c.Origin != origin {
			return nil, errors.New("reading the witness's state: it holds what is no checkpoint")
		}
	}
	return f, nil
}

type file struct {
	path string

	mu    sync.Mutex // guards the following field
	notes map[string]string
}

func (f *file) Last(_ context.Context, origin string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	note, ok := f.notes[origin]
	if !ok {
		return nil, nil
	}
	return []byte(note), nil
}

func (f *file) Advance(_ context.Context, origin string, old uint64, note []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var last ledger.Checkpoint
	before, had := f.notes[origin]
	if had {
		var err error
		if last, err = ledger.ReadCheckpoint([]byte(before)); err != nil {
			return err
		}
	}
	if last.Size != old {
		return ErrMoved
	}
	f.notes[origin] = string(note)
	if err := f.write(); err != nil {
		if f.notes[origin] = before; !had {
			delete(f.notes, origin)
		}
		return fmt.Errorf("keeping the witness's state: %w", err)
	}
	return nil
}

// write replaces the file whole, and returns when it is on the disk.
func (f *file) write() (err error) {
	text, err := json.MarshalIndent(f.notes, "", "  ")
	if err != nil {
		return err
	}
	part, err := os.OpenFile(f.path+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = part.Write(append(text, '\n'))
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.path+".part", f.path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
