-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- +goose Up

-- Policies that began to decide here, in order.

CREATE TABLE activations (
  number   INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  revision INTEGER NOT NULL,
  doc      BLOB NOT NULL
) STRICT;

-- Decisions with what they were made on: each once for a patient's epoch and a
-- policy, not once for each message.

CREATE TABLE grounds (
  patient TEXT NOT NULL,
  epoch   INTEGER NOT NULL,
  doc     BLOB NOT NULL,
  PRIMARY KEY (patient, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
  number  INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  at      INTEGER NOT NULL,
  patient TEXT NOT NULL,
  epoch   INTEGER NOT NULL,
  doc     BLOB NOT NULL
) STRICT;
CREATE INDEX decisions_patient ON decisions (patient, epoch);
CREATE INDEX decisions_at ON decisions (at);
