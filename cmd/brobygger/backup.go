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
	File string `arg:"" help:"File to write; it must not be there."`
}

// Run copies one consistent state.
func (b *backupCmd) Run(ctx context.Context, out *printer) error {
	if err := sqlite.Backup(ctx, filepath.Join(b.Data, database), b.File); err != nil {
		return err
	}
	if !out.value(map[string]string{"file": b.File}) {
		out.printf("Backed up to %s. It holds health information: keep it as safe as the bridge.\n", b.File)
	}
	return nil
}

type restoreCmd struct {
	Data string `help:"Folder of the data; it must not hold a database." required:"" placeholder:"FOLDER"`
	File string `arg:"" help:"The backup." type:"existingfile"`
}

// Run puts a copy of the backup into the folder, gives it a new log id and checks
// it. What fails leaves no database behind.
func (r *restoreCmd) Run(ctx context.Context, out *printer) (err error) {
	if err := os.MkdirAll(r.Data, 0o700); err != nil {
		return fmt.Errorf("restoring: %w", err)
	}
	path := filepath.Join(r.Data, database)
	if err := copyNew(r.File, path); err != nil {
		return fmt.Errorf("restoring: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	if err := sqlite.Restored(path); err != nil {
		return err
	}
	log, err := checkStore(ctx, path)
	if err = errors.Join(err, ownedLike(r.Data)); err != nil {
		return err
	}
	if !out.value(map[string]string{"log": log}) {
		out.printf("Restored and checked. The log's id is new: clients will load afresh.\n" +
			"What came after the backup is gone, withdrawals included: withdraw again before you serve.\n")
	}
	return nil
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

type checkCmd struct {
	Data string `help:"Folder of the data; the bridge must be stopped." required:"" type:"existingdir" placeholder:"FOLDER"`
}

// Run reads everything, and names the first thing that is wrong.
func (k *checkCmd) Run(ctx context.Context, out *printer) error {
	path := filepath.Join(k.Data, database)
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("checking: %w", err)
	}
	log, err := checkStore(ctx, path)
	if err = errors.Join(err, ownedLike(k.Data)); err != nil {
		return err
	}
	if !out.value(map[string]string{"log": log}) {
		out.printf("Checked: chains, numbers and accounts are whole.\n")
	}
	return nil
}

// checkStore opens a store, checks it whole, closes it, and returns its log's id.
func checkStore(ctx context.Context, path string) (log string, err error) {
	s, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		return "", fmt.Errorf("opening the store: %w", err)
	}
	if err := errors.Join(s.Check(ctx), s.Close()); err != nil {
		return "", fmt.Errorf("checking: %w", err)
	}
	return s.Log(), nil
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
	files, err := filepath.Glob(filepath.Join(folder, database+"*"))
	for _, f := range files {
		err = errors.Join(err, os.Lchown(f, int(owner.Uid), int(owner.Gid)))
	}
	return err
}
