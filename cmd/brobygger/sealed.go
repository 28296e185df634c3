// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"

	"github.com/brobygger/brobygger/bridge/seal"
	"github.com/brobygger/brobygger/bridge/store/sqlite"
)

// keysFile is the file in the data folder that holds patients' keys, wrapped.
const keysFile = "keys.db"

// keysConfig says where the key-encryption key is.
type keysConfig struct {
	File  string `yaml:"file"` // kek.json in the data folder, if empty
	Vault struct {
		Address string `yaml:"address"`
		Token   string `yaml:"token"`
		Mount   string `yaml:"mount"`
		Key     string `yaml:"key"`
		CA      string `yaml:"ca"`
	} `yaml:"vault"`
}

// kek opens the key-encryption key. A file is made where there are no keys yet, and
// never where there are some that another one has wrapped.
func (k keysConfig) kek(folder string) (kek seal.KEK, away, err error) {
	if v := k.Vault; v.Address != "" {
		kek, err := seal.OpenVault(seal.VaultConfig{Address: v.Address, Token: v.Token, Mount: v.Mount, Key: v.Key, CAFile: v.CA})
		return kek, nil, err
	}
	path := k.File
	if path == "" {
		path = filepath.Join(folder, "kek.json")
	}
	_, err = os.Stat(filepath.Join(folder, keysFile))
	first := errors.Is(err, fs.ErrNotExist)
	file, away := seal.OpenFile(path, first)
	if first {
		return file, nil, away
	}
	return file, away, nil
}

// sealed is what seals a store.
type sealed struct {
	keys   *sqlite.Keys
	sealer *seal.Sealer
}

// openSealed opens keys and sealer of a data folder. Without the key-encryption key
// the bridge starts, is not ready, and takes withdrawals.
func openSealed(ctx context.Context, folder string, k keysConfig, log *slog.Logger) (s sealed, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return s, fmt.Errorf("making the data folder: %w", err)
	}
	kek, away, err := k.kek(folder)
	if err != nil {
		return s, fmt.Errorf("opening the key-encryption key: %w", err)
	}
	if away != nil {
		log.ErrorContext(ctx, "the key-encryption key is not there: only withdrawals go on", slog.Any("error", away))
	}
	if s.keys, err = sqlite.OpenKeys(filepath.Join(folder, keysFile)); err != nil {
		return s, err
	}
	if s.sealer, err = seal.Open(ctx, s.keys, kek, seal.Options{}); err != nil {
		return s, errors.Join(err, s.keys.Close())
	}
	return s, nil
}

func (s sealed) close() error { return errors.Join(s.sealer.Close(), s.keys.Close()) }

// sealed makes readiness wait for the keys.
func (s *service) sealed(keys sealed) {
	ready := map[string]func(context.Context) error{"keys": keys.sealer.Healthy}
	maps.Copy(ready, s.config.ready)
	s.config.ready = ready
}

// reseal seals what was kept before there were keys, and what a missing key left
// to the spare one.
func (s *service) reseal(ctx context.Context) error {
	for ctx.Err() == nil {
		done, err := s.store.Reseal(ctx)
		if err != nil || done {
			return err
		}
	}
	return nil
}

// offline is a store that no bridge has open.
type offline struct {
	*sqlite.Store
	keys   *sealed // nil: without
	opened bool    // what is sealed can be read
}

// openOffline opens a store, with its keys when they are there and wanted.
func openOffline(ctx context.Context, folder string, k keysConfig, withKeys bool) (s offline, err error) {
	var o sqlite.Options
	if _, err := os.Stat(filepath.Join(folder, keysFile)); err == nil && withKeys {
		keys, err := openSealed(ctx, folder, k, slog.New(slog.DiscardHandler))
		if err != nil {
			return s, err
		}
		s.keys = &keys
		if s.opened = keys.sealer.Healthy(ctx) == nil; s.opened {
			o.Sealer, o.Keys = keys.sealer, keys.keys.ID()
		}
	}
	if s.Store, err = sqlite.Open(filepath.Join(folder, database), o); err != nil {
		return s, errors.Join(fmt.Errorf("opening the store: %w", err), s.close())
	}
	return s, nil
}

func (s offline) close() error {
	var err error
	if s.Store != nil {
		err = s.Close()
	}
	if s.keys != nil {
		err = errors.Join(err, s.keys.close())
	}
	return err
}
