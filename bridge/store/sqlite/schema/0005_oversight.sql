-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- +goose Up

-- Who asked for an emergency access, with which id of their own, where they
-- worked then, when it was opened, and whether it waits for its review.

ALTER TABLE emergencies ADD COLUMN maker TEXT NOT NULL DEFAULT '';
ALTER TABLE emergencies ADD COLUMN mid TEXT;
ALTER TABLE emergencies ADD COLUMN units TEXT NOT NULL DEFAULT ''; -- ids of organizations, with a slash around each
ALTER TABLE emergencies ADD COLUMN confirmed INTEGER NOT NULL DEFAULT -9223372036854775808;
ALTER TABLE emergencies ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;

-- What was opened before is reviewed too: where its maker works now. The time of
-- its confirmation is exact in the document; here it is that of the asking.
UPDATE emergencies SET maker = json_extract(CAST(doc AS TEXT), '$.by');
UPDATE emergencies SET confirmed = asked, waiting = 1 WHERE json_extract(CAST(doc AS TEXT), '$.confirmed_at') IS NOT NULL;
UPDATE emergencies SET units = coalesce((
  WITH RECURSIVE above (id, depth) AS (
    SELECT r.organization, 0 FROM roles r WHERE 'PractitionerRole/' || r.id = emergencies.maker
    UNION
    SELECT o.part_of, depth + 1 FROM above JOIN organizations o ON o.id = above.id WHERE o.part_of <> '' AND depth < 8
  ) SELECT '/' || group_concat(id, '/') || '/' FROM above
), '');

CREATE UNIQUE INDEX emergencies_mid ON emergencies (maker, mid) WHERE mid IS NOT NULL;
CREATE INDEX emergencies_waiting ON emergencies (confirmed) WHERE waiting = 1;

-- A role's code, so that whoever holds an office can be found.

ALTER TABLE roles ADD COLUMN code TEXT NOT NULL DEFAULT '';
UPDATE roles SET code = coalesce(json_extract(CAST(doc AS TEXT), '$.code'), '');
CREATE INDEX roles_code ON roles (code);
