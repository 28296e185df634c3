// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

var (
	errThere     = errors.New("there is a file already")
	errNoFile    = errors.New("there is no database")
	errLogBeside = errors.New("a write-ahead log that may be another database's lies beside the file; move it away")
)

// Backup writes a whole and consistent copy to path, with mode 0600, while the
// store is in use. It replaces nothing. The copy holds all that the store does:
// it has to be kept as safe. Use Restored before it is opened.
func (s *Store) Backup(ctx context.Context, path string) error { return Backup(ctx, s.path, path) }

// Backup is Store.Backup of a database that another process may have open.
func Backup(ctx context.Context, from, path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("backing up: %w", err)
		}
	}()
	if there, err := exists(from); err != nil || !there {
		return errors.Join(errNoFile, err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(errThere, err)
	}
	part := path + "-part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	if err := copyTo(ctx, from, part); err != nil {
		return mapped(err)
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return syncFolder(path)
}

// copyTo fills an empty file.
func copyTo(ctx context.Context, from, path string) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := dial(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	vacuum, err := c.prepare("VACUUM INTO ?")
	if err != nil {
		return err
	}
	_, err = vacuum.(driver.StmtExecContext).ExecContext(ctx, []driver.NamedValue{{Ordinal: 1, Value: path}})
	return err
}

// Restored gives the database at path, restored from a backup, a new log id, so
// that no client takes the numbers of the lost part for those to come. Call it
// once, before the first Open. It wants the file alone: a write-ahead log left
// from the lost database would be replayed into this one.
func Restored(path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("restoring: %w", err)
		}
	}()
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if there, err := exists(path); err != nil || !there {
		return errors.Join(errNoFile, err)
	}
	if there, err := exists(path + "-wal"); err != nil || there {
		return errors.Join(errLogBeside, err)
	}
	lock, err := prepareFiles(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	c, err := dial(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	n, err := c.exec(`UPDATE meta SET value = lower(hex(randomblob(16))) WHERE key = 'log'`)
	if err == nil && n != 1 {
		err = bridge.ErrNotFound
	}
	return err
}

// Paired makes sure that the keys at keys are those that sealed the database at
// path, if any did.
func Paired(path, keys string) error {
	return onFile(path, func(c *conn) error {
		row, err := c.one(`SELECT value FROM meta WHERE key = 'keys'`)
		if errors.Is(err, bridge.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if there, err := exists(keys); err != nil || !there {
			return errors.Join(ErrOtherKeys, err)
		}
		return onFile(keys, func(k *conn) error {
			id, err := keysID(k)
			if err == nil && id != text(row[0]) {
				err = ErrOtherKeys
			}
			return err
		})
	})
}

// Unpaired lets a database go on with other keys than those that sealed it. What
// they sealed is as good as erased.
func Unpaired(path string) error {
	return onFile(path, func(c *conn) error {
		_, err := c.exec(`DELETE FROM meta WHERE key = 'keys'`)
		if err == nil {
			_, err = c.exec(`INSERT OR IGNORE INTO meta (key, value) VALUES ('unpaired', '')`)
		}
		return err
	})
}

// WholeSince is since when, by the keys at this path, everything in the data has
// been sealed; zero for not yet, or without keys.
func WholeSince(keys string) (since time.Time, err error) {
	if there, err := exists(keys); err != nil || !there {
		return since, err
	}
	err = onFile(keys, func(k *conn) error {
		since, err = noted(k, wholeSince)
		return err
	})
	return since, err
}

// AcceptPlain lets what is not sealed open again with the keys at this path, until
// it has been sealed.
func AcceptPlain(keys string) error {
	return onFile(keys, func(k *conn) error {
		_, err := k.exec(`DELETE FROM meta WHERE key = ?`, wholeSince)
		return err
	})
}

// onFile runs f on a database that nobody has open.
func onFile(path string, f func(*conn) error) (err error) {
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	c, err := dial(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	return f(c)
}
