-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- +goose Up

-- Nouns are kept as JSON in doc. A column stands beside it only where a query
-- looks at it, and an index only where a query needs it: each index costs about
-- a quarter of the write rate. Times in columns are Unix nanoseconds, UTC; the
-- smallest integer stands for "never". The tables without rowid are those whose
-- rows are read together, in the order of the key.

CREATE TABLE meta (
  key   TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('log', lower(hex(randomblob(16))));

-- The directory.

CREATE TABLE organizations (
  id      TEXT NOT NULL PRIMARY KEY,
  part_of TEXT NOT NULL,
  folded  TEXT NOT NULL, -- the name, case folded
  active  INTEGER NOT NULL,
  doc     BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX organizations_part_of ON organizations (part_of) WHERE part_of <> '';

CREATE TABLE practitioners (
  id     TEXT NOT NULL PRIMARY KEY,
  name   TEXT NOT NULL,
  folded TEXT NOT NULL,
  active INTEGER NOT NULL,
  doc    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE roles (
  id           TEXT NOT NULL PRIMARY KEY,
  practitioner TEXT NOT NULL,
  organization TEXT NOT NULL,
  active       INTEGER NOT NULL,
  doc          BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX roles_practitioner ON roles (practitioner);
CREATE INDEX roles_organization ON roles (organization);

CREATE TABLE related_persons (
  id      TEXT NOT NULL PRIMARY KEY,
  patient TEXT NOT NULL,
  doc     BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX related_persons_patient ON related_persons (patient);

CREATE TABLE accounts (
  issuer TEXT NOT NULL,
  name   TEXT NOT NULL,
  person TEXT NOT NULL,
  doc    BLOB NOT NULL,
  PRIMARY KEY (issuer, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_person ON accounts (person);

-- Patients. The row is the lock, the consent clock and the head of the chain.

CREATE TABLE patients (
  id    TEXT NOT NULL PRIMARY KEY,
  epoch INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  head  BLOB NOT NULL,
  last  INTEGER NOT NULL, -- the newest entry's row, 0 before the first
  mile  INTEGER NOT NULL, -- the row of the newest entry whose seq is a multiple of 64, 0 before it
  doc   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE patient_identifiers (
  system  TEXT NOT NULL,
  value   TEXT NOT NULL,
  patient TEXT NOT NULL,
  PRIMARY KEY (system, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_identifiers_patient ON patient_identifiers (patient);

CREATE TABLE care_teams (
  patient TEXT NOT NULL PRIMARY KEY,
  doc     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Consents. A claim that relies on a consent adds one to its count, for ever.

CREATE TABLE consents (
  id      TEXT NOT NULL PRIMARY KEY,
  patient TEXT NOT NULL,
  state   TEXT NOT NULL,
  granted INTEGER NOT NULL,
  ends    INTEGER, -- of the period; null when it has no end
  doc     BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_patient ON consents (patient, granted);
CREATE INDEX consents_ends ON consents (ends) WHERE state = 'active';

CREATE TABLE consent_claims (
  consent TEXT NOT NULL PRIMARY KEY,
  n       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
  id      TEXT NOT NULL PRIMARY KEY,
  patient TEXT NOT NULL,
  asker   TEXT NOT NULL,
  state   TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  doc     BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_patient ON requests (patient, created);
CREATE INDEX requests_asker ON requests (asker, created);
CREATE INDEX requests_state ON requests (state, expires);

CREATE TABLE objections (
  id      TEXT NOT NULL PRIMARY KEY,
  patient TEXT NOT NULL,
  created INTEGER NOT NULL,
  lifted  INTEGER NOT NULL, -- 0 or 1
  doc     BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX objections_patient ON objections (patient, created);

CREATE TABLE emergencies (
  id      TEXT NOT NULL PRIMARY KEY,
  patient TEXT NOT NULL,
  asked   INTEGER NOT NULL,
  doc     BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX emergencies_patient ON emergencies (patient, asked);

-- Conversations and messages.

CREATE TABLE conversations (
  id       TEXT NOT NULL PRIMARY KEY,
  patient  TEXT NOT NULL,
  opener   TEXT NOT NULL,
  mid      TEXT NOT NULL,
  last_seq INTEGER NOT NULL,
  changed  INTEGER NOT NULL,
  placed   INTEGER NOT NULL, -- seq of the newest message that has a place
  last     INTEGER NOT NULL, -- its row; the messages of a conversation are a log, see below
  mile     INTEGER NOT NULL,
  doc      BLOB NOT NULL,
  UNIQUE (opener, mid)
) STRICT;
CREATE INDEX conversations_patient ON conversations (patient);

CREATE TABLE participants (
  party        TEXT NOT NULL,
  conversation TEXT NOT NULL,
  PRIMARY KEY (party, conversation)
) STRICT, WITHOUT ROWID;
CREATE INDEX participants_conversation ON participants (conversation);

CREATE TABLE marks (
  conversation TEXT NOT NULL,
  party        TEXT NOT NULL,
  seq          INTEGER NOT NULL,
  PRIMARY KEY (conversation, party)
) STRICT, WITHOUT ROWID;

-- Ids and mids of our own clients grow with time, so that new ones meet at the
-- end of their index.
CREATE TABLE messages (
  row          INTEGER NOT NULL PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  conversation TEXT NOT NULL,
  seq          INTEGER, -- null while the message has no place
  prev         INTEGER NOT NULL,
  mile         INTEGER NOT NULL,
  patient      TEXT NOT NULL,
  sender       TEXT NOT NULL,
  mid          TEXT NOT NULL,
  state        TEXT NOT NULL,
  urgent       INTEGER NOT NULL,
  sent         INTEGER NOT NULL,
  request      TEXT, -- null when the message never waited for one
  epoch        INTEGER NOT NULL,
  doc          BLOB NOT NULL,
  UNIQUE (mid, sender)
) STRICT;
CREATE INDEX messages_unplaced ON messages (conversation, sent) WHERE seq IS NULL;
CREATE INDEX messages_request ON messages (request) WHERE request IS NOT NULL;

CREATE TABLE versions (
  message TEXT NOT NULL,
  number  INTEGER NOT NULL,
  doc     BLOB NOT NULL,
  PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachments (
  id  TEXT NOT NULL PRIMARY KEY,
  doc BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment_content (
  id      TEXT NOT NULL PRIMARY KEY,
  content BLOB NOT NULL
) STRICT;

-- What became of each message, for each recipient.

CREATE TABLE deliveries (
  message   TEXT NOT NULL,
  recipient TEXT NOT NULL,
  doc       BLOB NOT NULL,
  PRIMARY KEY (message, recipient)
) STRICT, WITHOUT ROWID;

CREATE TABLE disclosures (
  id      TEXT NOT NULL PRIMARY KEY,
  patient TEXT NOT NULL,
  state   TEXT NOT NULL,
  closed  INTEGER NOT NULL,
  doc     BLOB NOT NULL -- as claimed; state and closed are the columns'
) STRICT;
CREATE INDEX disclosures_open ON disclosures (patient) WHERE state = 'open';

-- Logs: each party's events and each patient's entries. Their rows are appended
-- to one table each, whoever they belong to, and every row points at the one
-- before it in its own log (prev) and at the last before it whose number is a
-- multiple of 64 (mile). A log is read from its head backwards. So an append
-- changes the last page of one table, where an index by log would change one
-- page for every log, which is most of what a commit writes.

-- The head never goes back, even when all events are trimmed.
CREATE TABLE event_heads (
  party  TEXT NOT NULL PRIMARY KEY,
  oldest INTEGER NOT NULL, -- number of the oldest event kept; newest + 1 when none is
  newest INTEGER NOT NULL,
  last   INTEGER NOT NULL, -- the newest event's row, 0 when there is none
  mile   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  row   INTEGER NOT NULL PRIMARY KEY,
  party TEXT NOT NULL,
  n     INTEGER NOT NULL,
  at    INTEGER NOT NULL,
  prev  INTEGER NOT NULL,
  mile  INTEGER NOT NULL,
  doc   BLOB NOT NULL
) STRICT;

CREATE TABLE entries (
  row        INTEGER NOT NULL PRIMARY KEY,
  patient    TEXT NOT NULL,
  seq        INTEGER NOT NULL,
  prev       INTEGER NOT NULL,
  mile       INTEGER NOT NULL,
  salt       BLOB NOT NULL,
  before     BLOB NOT NULL, -- the chain's head before it
  commitment BLOB NOT NULL,
  head       BLOB NOT NULL, -- the chain's head behind it
  entry      BLOB NOT NULL -- canonical JSON, as committed to
) STRICT;
