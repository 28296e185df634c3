-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- Everything that changes who takes rings on a line: people who sign on, people
-- who sign off, and the passing of time.
--
-- KEYS  who takes rings (member -> until when, ms)
-- ARGV  channel, ms that a sign lives, number of those who sign off, they, then
--       pairs of a member and the ms that are left of its shift ('' : no end)
-- Gives changed, ms until somebody must look again (0: nobody need)
local open = KEYS[1]
local channel, ttl, off = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

-- The server's clock, never a node's: nodes disagree.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local changed = redis.call('ZREMRANGEBYSCORE', open, '-inf', now)
for n = 4, 3 + off do
  changed = changed + redis.call('ZREM', open, ARGV[n])
end
for n = 4 + off, #ARGV, 2 do
  local left = math.min(ttl, tonumber(ARGV[n + 1]) or ttl)
  if left > 0 then
    changed = changed + redis.call('ZADD', open, now + left, ARGV[n])
  else
    changed = changed + redis.call('ZREM', open, ARGV[n])
  end
end

local due = 0
local first = redis.call('ZRANGE', open, 0, 0, 'WITHSCORES')
if first[2] then
  due = math.max(1, tonumber(first[2]) - now)
  redis.call('PEXPIRE', open, 2 * ttl)
end
if changed > 0 then
  redis.call('PUBLISH', channel, '')
end
return { changed, due }
