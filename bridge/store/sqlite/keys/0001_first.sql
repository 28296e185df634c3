-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- +goose Up

-- Wrapped keys only: this file opens nothing without the key-encryption key.
-- Times are Unix nanoseconds, UTC.

CREATE TABLE meta (
  key   TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('keys', lower(hex(randomblob(16))));

CREATE TABLE keys (
  patient   TEXT NOT NULL, -- empty for the store's own
  kind      TEXT NOT NULL,
  number    INTEGER NOT NULL,
  wrapped   BLOB NOT NULL, -- empty once destroyed
  made      INTEGER NOT NULL,
  destroyed INTEGER, -- null while it is there
  PRIMARY KEY (patient, kind, number)
) STRICT, WITHOUT ROWID;
