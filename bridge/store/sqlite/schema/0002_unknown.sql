-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- +goose Up

-- What was handed over and never confirmed is told with every withdrawal. Few
-- claims end so, and no other claim touches this index.
CREATE INDEX disclosures_unknown ON disclosures (patient) WHERE state = 'unknown';
