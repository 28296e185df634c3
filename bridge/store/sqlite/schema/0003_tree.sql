-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- +goose Up

-- The Merkle tree over the entries' commitments. Which leaf an entry is needs no
-- column: it is its row less one. Rows are given out in order and never again, so
-- the entries of an older database have their leaves already.
CREATE TABLE tree (
  size INTEGER NOT NULL
) STRICT;
INSERT INTO tree VALUES (0);

-- The tree's stored hashes in their dense order, 256 to a page; the last page is
-- shorter. A row for each hash would cost more than the entry that it is for.
CREATE TABLE tree_pages (
  page   INTEGER NOT NULL PRIMARY KEY,
  hashes BLOB NOT NULL
) STRICT;

CREATE TABLE checkpoints (
  size     INTEGER NOT NULL PRIMARY KEY,
  at       INTEGER NOT NULL,
  cosigned INTEGER NOT NULL, -- 0 or 1
  note     BLOB NOT NULL
) STRICT;

-- Other logs' checkpoints that were cosigned here: the newest of each.
CREATE TABLE witnessed (
  origin TEXT NOT NULL PRIMARY KEY,
  size   INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  note   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
