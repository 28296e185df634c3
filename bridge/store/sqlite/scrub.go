// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/brobygger/brobygger/bridge"
)

// Scrub writes the database at path anew, which nobody has open, and empties its
// write-ahead log, where pages stand as they were before rows were sealed, erased or
// moved. It needs free disk of twice the database's size.
func Scrub(ctx context.Context, path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing the database anew: %w", err)
		}
	}()
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if there, err := exists(path); err != nil || !there {
		return errors.Join(errNoFile, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	lock, err := prepareFiles(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	return onFile(path, func(c *conn) error {
		if _, err := c.exec("VACUUM"); err != nil {
			return mapped(err)
		}
		return emptyLog(c)
	})
}

// emptyLog moves everything out of the write-ahead log, and cuts it off.
func emptyLog(c *conn) error {
	row, err := c.one("PRAGMA wal_checkpoint(TRUNCATE)")
	if err == nil && number(row[0]) != 0 {
		err = &bridge.Error{Code: bridge.CodeBusy, Message: "somebody else reads the file"}
	}
	if err != nil {
		return fmt.Errorf("emptying the write-ahead log: %w", err)
	}
	return nil
}
