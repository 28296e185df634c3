// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

type backupCmd struct {
	Data string `help:"Folder of the data; the bridge may be running." required:"" type:"existingdir" placeholder:"FOLDER"`
	Keys bool   `help:"The keys, in place of the data. Keep them apart, and for 30 days at most: an erasure ends with the last of them."`
	File string `arg:"" help:"File to write; it must not be there."`
}

// Run copies one consistent state.
func (b *backupCmd) Run(ctx context.Context, out *printer) error {
	var err error
	text := "Backed up to %s. It opens with the keys only, which are backed up apart (--keys); names and times are readable.\n"
	if b.Keys {
		text = "Backed up the keys to %s. Keep them apart from the data, for 30 days at most. They open with the key-encryption key only.\n"
		err = sqlite.BackupKeys(ctx, filepath.Join(b.Data, keysFile), b.File)
	} else {
		err = sqlite.Backup(ctx, filepath.Join(b.Data, database), b.File)
	}
	if err != nil {
		return err
	}
	if !out.value(map[string]string{"file": b.File}) {
		out.printf(text, b.File)
	}
	return nil
}

type restoreCmd struct {
	Data        string `help:"Folder of the data; it must not hold a database." required:"" placeholder:"FOLDER"`
	Keys        string `help:"Backup of the keys, where they are lost too." type:"existingfile" placeholder:"FILE"`
	WithoutKeys bool   `help:"The keys are lost for good: what they sealed stays unreadable, and the bridge begins with new ones."`
	AcceptPlain bool   `help:"The data is known to be from before everything was sealed: let what is plain in it open until it is sealed."`
	File        string `arg:"" help:"The backup of the data." type:"existingfile"`
}

// Run puts a copy of the backup into the folder, gives it a new log id and checks
// it. What fails leaves no database behind.
func (r *restoreCmd) Run(ctx context.Context, out *printer) (err error) {
	if err := os.MkdirAll(r.Data, 0o700); err != nil {
		return fmt.Errorf("restoring: %w", err)
	}
	for to, from := range map[string]string{database: r.File, keysFile: r.Keys} {
		if from == "" {
			continue
		}
		path := filepath.Join(r.Data, to)
		if err := copyNew(from, path); err != nil {
			return fmt.Errorf("restoring: %w", err)
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, os.Remove(path))
			}
		}()
	}
	path := filepath.Join(r.Data, database)
	if err := errors.Join(sqlite.Restored(path), r.fits(path)); err != nil {
		return err
	}
	log, _, err := checkStore(ctx, r.Data, keysConfig{}, false)
	if err == nil {
		err = r.whole(ctx, path)
	}
	if err = errors.Join(err, ownedLike(r.Data)); err != nil {
		return err
	}
	if !out.value(map[string]string{"log": log}) {
		out.printf("Restored and checked. The log's id is new: clients will load afresh.\n" +
			"What came after the backup is gone, withdrawals included: withdraw again before you serve.\n")
	}
	return nil
}

// fits wants the keys of the data beside it, or the word that they are lost.
func (r *restoreCmd) fits(path string) error {
	if r.WithoutKeys {
		return sqlite.Unpaired(path)
	}
	return sqlite.Paired(path, filepath.Join(r.Data, keysFile))
}

// whole refuses data with something plain in it, where the keys say that everything
// was sealed: it would open nowhere, and be sealed by nobody.
func (r *restoreCmd) whole(ctx context.Context, path string) error {
	keys := filepath.Join(r.Data, keysFile)
	since, err := sqlite.WholeSince(keys)
	if err != nil || since.IsZero() {
		return err
	}
	s, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		return err
	}
	err = s.FindPlain(ctx)
	switch closed := s.Close(); {
	case closed != nil:
		return errors.Join(err, closed)
	case errors.Is(err, sqlite.ErrPlain) && r.AcceptPlain:
		return sqlite.AcceptPlain(keys)
	case errors.Is(err, sqlite.ErrPlain):
		return fmt.Errorf("restoring: %w; everything was sealed on %s: if the backup is known to be older, add --accept-plain", err, day(since))
	}
	return err
}

// copyNew copies a file to a path where there is none, and syncs it.
func copyNew(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

type scrubCmd struct {
	Data string `help:"Folder of the data; the bridge must be stopped." required:"" type:"existingdir" placeholder:"FOLDER"`
}

// Run writes the data anew: after an upgrade that sealed it, and after an erasure.
func (k *scrubCmd) Run(ctx context.Context, out *printer) error {
	path := filepath.Join(k.Data, database)
	if err := errors.Join(sqlite.Scrub(ctx, path), ownedLike(k.Data)); err != nil {
		return err
	}
	if !out.value(map[string]string{"file": path}) {
		out.printf("Written anew. What the disk itself keeps of overwritten blocks is beyond this: encrypt the disk.\n")
	}
	return nil
}

type checkCmd struct {
	Data   string `help:"Folder of the data; the bridge must be stopped." required:"" type:"existingdir" placeholder:"FOLDER"`
	Config string `help:"The bridge's configuration, when it says where the key-encryption key is." type:"existingfile" placeholder:"FILE"`
	NoKeys bool   `help:"Verify chains by their commitments, and open nothing."`
}

// Run reads everything, and names the first thing that is wrong.
func (k *checkCmd) Run(ctx context.Context, out *printer) error {
	if _, err := os.Stat(filepath.Join(k.Data, database)); err != nil {
		return fmt.Errorf("checking: %w", err)
	}
	c, err := readConfig(k.Config, os.Environ())
	if err != nil {
		return err
	}
	log, opened, err := checkStore(ctx, k.Data, c.Keys, !k.NoKeys)
	if err = errors.Join(err, ownedLike(k.Data)); err != nil {
		return err
	}
	if !out.value(map[string]any{"log": log, "keys": opened}) {
		out.printf("Checked: chains, numbers and accounts are whole.\n")
		if !opened {
			out.printf("Nothing was opened, since the keys were not there: of entries, their commitments are right.\n")
		}
	}
	return nil
}

// checkStore opens a store, with its keys when they are there and wanted, checks it
// whole, closes it, and returns its log's id.
func checkStore(ctx context.Context, folder string, k keysConfig, withKeys bool) (log string, opened bool, err error) {
	s, err := openOffline(ctx, folder, k, withKeys)
	if err != nil {
		return "", false, err
	}
	if err := errors.Join(s.Check(ctx), s.close()); err != nil {
		return "", false, fmt.Errorf("checking: %w", err)
	}
	return s.Log(), s.opened, nil
}

// ownedLike gives the database to whom its folder belongs: root restores, and a
// user with fewer rights serves.
func ownedLike(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 || owner.Uid == 0 {
		return nil
	}
	for _, of := range []string{database, keysFile, "kek.json"} {
		files, globErr := filepath.Glob(filepath.Join(folder, of+"*"))
		err = errors.Join(err, globErr)
		for _, f := range files {
			err = errors.Join(err, os.Lchown(f, int(owner.Uid), int(owner.Gid)))
		}
	}
	return err
}
