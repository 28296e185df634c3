-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- +goose Up

-- Lines that can be rung directly, who is of them, and their own hands on the
-- switch.

CREATE TABLE lines (
  id           TEXT NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  name         TEXT NOT NULL, -- case folded
  active       INTEGER NOT NULL, -- 0 or 1
  doc          BLOB NOT NULL
) STRICT;
CREATE INDEX lines_organization ON lines (organization, name, id);
CREATE INDEX lines_name ON lines (name, id);

CREATE TABLE line_members (
  member TEXT NOT NULL,
  line   TEXT NOT NULL,
  until  INTEGER NOT NULL, -- the end of the last shift, or for good
  PRIMARY KEY (member, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX line_members_line ON line_members (line);

CREATE TABLE line_switches (
  line  TEXT NOT NULL,
  party TEXT NOT NULL,
  doc   BLOB NOT NULL,
  PRIMARY KEY (line, party)
) STRICT, WITHOUT ROWID;

-- Rings. What people wrote into them is in texts, sealed.

CREATE TABLE rings (
  id      TEXT NOT NULL PRIMARY KEY,
  rev     INTEGER NOT NULL,
  patient TEXT NOT NULL,
  line    TEXT NOT NULL, -- empty when it falls to none
  caller  TEXT NOT NULL,
  mid     TEXT NOT NULL,
  state   TEXT NOT NULL,
  live    INTEGER NOT NULL, -- 0 or 1: it rings, or is talked on
  started INTEGER NOT NULL,
  due     INTEGER, -- null when it does not ring
  doc     BLOB NOT NULL,
  UNIQUE (caller, mid)
) STRICT;
CREATE INDEX rings_patient ON rings (patient, started, id);
CREATE INDEX rings_line ON rings (line, started, id);
CREATE INDEX rings_caller ON rings (caller, started, id);
CREATE INDEX rings_started ON rings (started, id);
CREATE INDEX rings_live ON rings (started, id) WHERE live = 1;
CREATE INDEX rings_live_patient ON rings (patient, started, id) WHERE live = 1;
CREATE INDEX rings_due ON rings (due) WHERE due IS NOT NULL;

-- Who is taken by a live ring: its caller, whom it rings, who answered it.
CREATE TABLE ring_parties (
  party TEXT NOT NULL,
  ring  TEXT NOT NULL,
  PRIMARY KEY (party, ring)
) STRICT, WITHOUT ROWID;
CREATE INDEX ring_parties_ring ON ring_parties (ring);

CREATE TABLE callbacks (
  id      TEXT NOT NULL PRIMARY KEY,
  rev     INTEGER NOT NULL,
  patient TEXT NOT NULL,
  line    TEXT NOT NULL,
  caller  TEXT NOT NULL,
  mid     TEXT NOT NULL,
  taker   TEXT NOT NULL, -- empty when nobody has taken it
  state   TEXT NOT NULL,
  open    INTEGER NOT NULL, -- 0 or 1: it is not closed
  asked   INTEGER NOT NULL,
  due     INTEGER NOT NULL,
  doc     BLOB NOT NULL,
  UNIQUE (caller, mid)
) STRICT;
CREATE INDEX callbacks_patient ON callbacks (patient, due, asked, id);
CREATE INDEX callbacks_line ON callbacks (line, asked);
CREATE INDEX callbacks_caller ON callbacks (caller, due, asked, id);
CREATE INDEX callbacks_taker ON callbacks (taker, due, asked, id) WHERE taker <> '';
CREATE INDEX callbacks_queue ON callbacks (line, due, asked, id) WHERE state = 'waiting';
CREATE INDEX callbacks_open ON callbacks (line, due, asked, id) WHERE open = 1;
CREATE INDEX callbacks_due ON callbacks (due, asked, id) WHERE open = 1;
