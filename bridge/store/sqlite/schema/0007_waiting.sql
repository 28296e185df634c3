-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- +goose Up

-- Deliveries that wait: refused when they were fetched, and asked again. Few do.
ALTER TABLE deliveries ADD COLUMN asked INTEGER; -- null when it does not wait
CREATE INDEX deliveries_asked ON deliveries (asked) WHERE asked IS NOT NULL;
