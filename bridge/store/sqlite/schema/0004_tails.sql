-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- +goose Up

-- The heads of patients, conversations, parties' logs and counts change with
-- nearly every message. A commit writes those that it changed into one row here,
-- and once in a while one commit writes all of them to their own tables and
-- begins anew with an empty row. So a table's head is that of the oldest row
-- here, and the rows behind it are newer, in order and without a gap.
CREATE TABLE tails (
  number INTEGER NOT NULL PRIMARY KEY,
  doc    BLOB NOT NULL -- what the commit changed, see tail.go
) STRICT;
