-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- +goose Up

-- What was erased, without whom it was about in words: the keys must go again
-- when an older backup brings them back.
CREATE TABLE erasures (
  id  TEXT NOT NULL PRIMARY KEY,
  at  INTEGER NOT NULL,
  doc BLOB NOT NULL
) STRICT, WITHOUT ROWID;
