// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	engine "modernc.org/sqlite"
)

//go:embed schema/*.sql
var schema embed.FS

// The schema of the keys, which are in a file of their own.
//
//go:embed keys/*.sql
var keySchema embed.FS

// ErrNewer is returned by Open for a database that a newer version has migrated.
var ErrNewer = errors.New("database is newer than this program")

// errForeign is returned for an SQLite file that is not a store.
var errForeign = errors.New("file is a database of another program")

// migrate brings the schema of the database at path forward to that in folder. It
// never goes back.
func migrate(ctx context.Context, path string, files fs.FS, folder string) (err error) {
	connector, err := engine.NewConnector(dsn(path) + "&_pragma=busy_timeout(10000)&_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if err := ours(ctx, db); err != nil {
		return err
	}
	files, err = fs.Sub(files, folder)
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	has, wants, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading schema version: %w", err)
	}
	if has > wants {
		return fmt.Errorf("schema version %d, want at most %d: %w", has, wants, ErrNewer)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}

// ours makes sure that db is empty or a store.
func ours(ctx context.Context, db *sql.DB) error {
	var tables, mine int
	err := db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name IN ('meta', 'goose_db_version'))
		FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`).Scan(&tables, &mine)
	if err != nil {
		return fmt.Errorf("reading schema: %w", err)
	}
	if tables > 0 && mine == 0 {
		return errForeign
	}
	return nil
}
