// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/brobygger/brobygger/bridge"
)

// Keys implements bridge.Keys in a file of its own, with secure_delete and
// synchronous=FULL: a key is durable before it is used.
type Keys struct {
	id   string
	lock *os.File

	mu sync.Mutex // guards the following field
	c  *conn      // nil once closed
}

var _ bridge.Keys = (*Keys)(nil)

// OpenKeys opens the keys at path, making the file where needed, as Open does.
func OpenKeys(path string) (_ *Keys, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("opening keys: %w", err)
		}
	}()
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	k := &Keys{}
	if k.lock, err = prepareFiles(path); err != nil {
		return nil, err
	}
	if err = migrate(context.Background(), path, keySchema, "keys"); err == nil {
		k.c, err = dial(path)
	}
	if err == nil {
		k.id, err = keysID(k.c)
	}
	if err == nil {
		err = scrub(k.c) // that a crash may have kept off
	}
	if err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

func keysID(c *conn) (string, error) {
	row, err := c.one(`SELECT value FROM meta WHERE key = 'keys'`)
	if err != nil {
		return "", fmt.Errorf("reading the name of the keys: %w", err)
	}
	return text(row[0]), nil
}

// ID is the random name of these keys. A restore keeps it.
func (k *Keys) ID() string { return k.id }

// Close closes the file.
func (k *Keys) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var err error
	if k.c != nil {
		err = k.c.close()
		k.c = nil
	}
	if k.lock != nil {
		err = errors.Join(err, k.lock.Close())
		k.lock = nil
	}
	return err
}

// with runs f on the connection.
func (k *Keys) with(ctx context.Context, f func(c *conn) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("waiting for the keys: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.c == nil {
		return errClosed
	}
	return mapped(f(k.c))
}

// changing runs f in one transaction.
func (k *Keys) changing(ctx context.Context, f func(c *conn) error) error {
	return k.with(ctx, func(c *conn) error {
		if _, err := c.exec("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		err := f(c)
		if err == nil {
			_, err = c.exec("COMMIT")
		}
		if err != nil {
			_, _ = c.exec("ROLLBACK") // SQLite may have done it already
		}
		return err
	})
}

const selectKey = `SELECT patient, kind, number, wrapped, made, destroyed FROM keys`

func wrappedKey(v []driver.Value) bridge.WrappedKey {
	k := bridge.WrappedKey{
		Patient: bridge.PatientID(text(v[0])), Kind: bridge.KeyKind(text(v[1])), Number: uint32(number(v[2])),
		Wrapped: append([]byte(nil), blob(v[3])...), Made: instant(number(v[4])),
	}
	if v[5] != nil {
		k.Destroyed = instant(number(v[5]))
	}
	return k
}

func (k *Keys) list(ctx context.Context, query string, args ...any) (all []bridge.WrappedKey, err error) {
	err = k.with(ctx, func(c *conn) error {
		return c.each(query, func(v []driver.Value) error {
			all = append(all, wrappedKey(v))
			return nil
		}, args...)
	})
	return all, err
}

// Of implements bridge.Keys.
func (k *Keys) Of(ctx context.Context, patient bridge.PatientID) ([]bridge.WrappedKey, error) {
	return k.list(ctx, selectKey+` WHERE patient = ? ORDER BY made, kind, number`, string(patient))
}

// After implements bridge.Keys.
func (k *Keys) After(ctx context.Context, from bridge.WrappedKey, most int) ([]bridge.WrappedKey, error) {
	return k.list(ctx, selectKey+` WHERE (patient, kind, number) > (?, ?, ?) ORDER BY patient, kind, number LIMIT ?`,
		string(from.Patient), string(from.Kind), int64(from.Number), limit(most, 100))
}

// Add implements bridge.Keys.
func (k *Keys) Add(ctx context.Context, keys ...bridge.WrappedKey) error {
	if len(keys) == 0 {
		return nil
	}
	return k.changing(ctx, func(c *conn) error {
		for _, v := range keys {
			_, err := c.exec(`INSERT INTO keys (patient, kind, number, wrapped, made) VALUES (?, ?, ?, ?, ?)`,
				string(v.Patient), string(v.Kind), int64(v.Number), v.Wrapped, nanos(v.Made))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Rewrap implements bridge.Keys.
func (k *Keys) Rewrap(ctx context.Context, keys ...bridge.WrappedKey) (int, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	done := 0
	err := k.changing(ctx, func(c *conn) error {
		done = 0
		for _, v := range keys {
			n, err := c.exec(`UPDATE keys SET wrapped = ? WHERE patient = ? AND kind = ? AND number = ? AND destroyed IS NULL`,
				v.Wrapped, string(v.Patient), string(v.Kind), int64(v.Number))
			if err != nil {
				return err
			}
			done += int(n)
		}
		return nil
	})
	return done, err
}

// Destroy implements bridge.Keys. secure_delete overwrites what a row held, but
// moved rows may have left copies between the rows of a page, and the write-ahead
// log holds pages as they were. So the file is written anew and the log emptied.
func (k *Keys) Destroy(ctx context.Context, patient bridge.PatientID, then time.Time, kinds ...bridge.KeyKind) error {
	until := int64(math.MaxInt64)
	if !then.IsZero() {
		until = nanos(then)
	}
	err := k.changing(ctx, func(c *conn) error {
		done := int64(0)
		for _, kind := range kinds {
			n, err := c.exec(`UPDATE keys SET wrapped = x'', destroyed = ?1 WHERE patient = ?2 AND kind = ?3 AND destroyed IS NULL AND made < ?4`,
				time.Now().UnixNano(), string(patient), string(kind), until)
			if err != nil {
				return err
			}
			done += n
		}
		if done == 0 {
			return nil
		}
		_, err := c.exec(`INSERT OR IGNORE INTO meta (key, value) VALUES ('scrub', '')`)
		return err
	})
	if err != nil {
		return err
	}
	return k.with(ctx, scrub)
}

// scrub writes the database anew and empties its write-ahead log, when something
// was destroyed since the last time.
func scrub(c *conn) error {
	if _, err := c.one(`SELECT 1 FROM meta WHERE key = 'scrub'`); errors.Is(err, bridge.ErrNotFound) {
		return nil
	}
	if _, err := c.exec("VACUUM"); err != nil {
		return fmt.Errorf("writing the file anew: %w", err)
	}
	if err := emptyLog(c); err != nil {
		return err
	}
	_, err := c.exec(`DELETE FROM meta WHERE key = 'scrub'`)
	return err
}

// BackedUp implements bridge.Keys.
func (k *Keys) BackedUp(ctx context.Context) (at time.Time, err error) {
	err = k.with(ctx, func(c *conn) error {
		at, err = noted(c, "backed_up")
		return err
	})
	return at, err
}

// wholeSince is the note that everything in the data has been sealed.
const wholeSince = "whole"

// Whole implements bridge.Keys.
func (k *Keys) Whole(ctx context.Context) (at time.Time, err error) {
	err = k.with(ctx, func(c *conn) error {
		at, err = noted(c, wholeSince)
		return err
	})
	return at, err
}

// SetWhole implements bridge.Keys.
func (k *Keys) SetWhole(ctx context.Context) error {
	return k.with(ctx, func(c *conn) error {
		_, err := c.exec(`INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)`, wholeSince, strconv.FormatInt(time.Now().UnixNano(), 10))
		return err
	})
}

// noted is the time that stands beside the keys under this name, zero for none.
func noted(c *conn, name string) (time.Time, error) {
	row, err := c.one(`SELECT value FROM meta WHERE key = ?`, name)
	if errors.Is(err, bridge.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	n, err := strconv.ParseInt(text(row[0]), 10, 64)
	return instant(n), err
}

// BackupKeys copies keys that another process may have open, and notes in both the
// file and the copy when that was.
func BackupKeys(ctx context.Context, from, path string) (err error) {
	if there, err := exists(from); err != nil || !there {
		return fmt.Errorf("backing up keys: %w", errors.Join(errNoFile, err))
	}
	c, err := dial(from)
	if err == nil {
		_, err = c.exec(`INSERT INTO meta (key, value) VALUES ('backed_up', ?)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, strconv.FormatInt(time.Now().UnixNano(), 10))
		err = errors.Join(err, c.close())
	}
	if err != nil {
		return fmt.Errorf("backing up keys: %w", mapped(err))
	}
	return Backup(ctx, from, path)
}
