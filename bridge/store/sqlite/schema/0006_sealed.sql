-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- +goose Up

-- From here on documents of messages, versions and attachments, files, and entries
-- with their salts may be sealed: the first byte tells (bridge.SealedPrefix). Rows
-- of before stay readable, and are sealed in the background.

ALTER TABLE attachments ADD COLUMN patient TEXT NOT NULL DEFAULT '';
UPDATE attachments SET patient = json_extract(CAST(doc AS TEXT), '$.patient');

-- What people wrote into nouns that are read where no key may be needed: a
-- withdrawal reads and writes consents. The document says that there is a text.
CREATE TABLE texts (
  noun    TEXT NOT NULL,
  id      TEXT NOT NULL,
  patient TEXT NOT NULL,
  text    BLOB NOT NULL,
  PRIMARY KEY (noun, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX texts_patient ON texts (patient);

-- Entries that no key of the patient could be had for; they get it later.
CREATE INDEX entries_spare ON entries (row) WHERE substr(entry, 1, 1) = x'02';
