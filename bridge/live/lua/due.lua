-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- Claims the parties that are due, by moving them a lease ahead: of many sweepers
-- one gets each, and if it dies another gets it after the lease.
--
-- KEYS  a partition of the index
-- ARGV  ms of the lease, how many at most
-- Gives the lease's score, then the uids
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local leased = string.format('%.0f', now + tonumber(ARGV[1]))
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])
for _, uid in ipairs(found) do
  redis.call('ZADD', KEYS[1], leased, uid)
end
table.insert(found, 1, leased)
return found
