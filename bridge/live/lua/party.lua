-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- Everything that changes a party's presence: connections that were heard from,
-- connections that ended, do-not-disturb, and the passing of time. One script, so
-- that the aggregate is computed in one place. All keys share one tag.
--
-- KEYS  connections (cid -> rank|node), expiries (cid -> ms), meta
-- ARGV  channel, ms that a connection lives, ms that meta is kept, epoch if there
--       is none, do-not-disturb until ms ('' keeps it, '0' clears it),
--       number of ended connections, their cids, then pairs of cid and rank|node
-- Gives changed, state, rev, epoch, ms since the transition, ms until somebody
--       must look again (0: nobody need)
local connections, expiries, meta = KEYS[1], KEYS[2], KEYS[3]
local channel, ttl, keep, fresh, dnd = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
local ended = tonumber(ARGV[6])

-- The server's clock, never a node's: nodes disagree.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

for _, cid in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now)) do
  redis.call('ZREM', expiries, cid)
  redis.call('HDEL', connections, cid)
end
for n = 7, 6 + ended do
  redis.call('ZREM', expiries, ARGV[n])
  redis.call('HDEL', connections, ARGV[n])
end
for n = 7 + ended, #ARGV, 2 do
  redis.call('ZADD', expiries, now + ttl, ARGV[n])
  redis.call('HSET', connections, ARGV[n], ARGV[n + 1])
end
-- A plain heartbeat moves a score and nothing else; that the keys live on is seen
-- to here, by the sweeper at least once within a lifetime.
redis.call('PEXPIRE', connections, 2 * ttl)
redis.call('PEXPIRE', expiries, 2 * ttl)

local best = 0
for _, value in ipairs(redis.call('HVALS', connections)) do
  best = math.max(best, tonumber(string.sub(value, 1, 1)))
end
local state = ({ [0] = 'offline', 'away', 'online' })[best]

if dnd == '0' then
  redis.call('HDEL', meta, 'dnd')
elseif dnd ~= '' then
  redis.call('HSET', meta, 'dnd', dnd)
end
local known = redis.call('HMGET', meta, 'agg', 'rev', 'pe', 'at', 'dnd')
local quiet = tonumber(known[5] or '0')
if quiet > now then
  state = 'dnd'
elseif quiet > 0 then
  redis.call('HDEL', meta, 'dnd')
  quiet = 0
end

local rev, epoch, at = tonumber(known[2] or '0'), known[3] or fresh, tonumber(known[4] or now)
local changed = 0
if state ~= (known[1] or 'offline') then
  changed = 1
  rev = redis.call('HINCRBY', meta, 'rev', 1)
  at = now
  redis.call('HSET', meta, 'agg', state, 'pe', epoch, 'at', at)
  redis.call('PUBLISH', channel, state .. '|' .. string.format('%.0f', rev) .. '|' .. epoch)
elseif not known[1] then
  epoch = ''
end
if changed == 1 or best > 0 or dnd ~= '' then
  redis.call('PEXPIRE', meta, math.max(keep, quiet - now + keep))
end

local due = 0
local first = redis.call('ZRANGE', expiries, 0, 0, 'WITHSCORES')
if first[2] then
  due = math.max(1, tonumber(first[2]) - now)
end
if quiet > now and (due == 0 or quiet - now < due) then
  due = quiet - now
end
return { changed, state, rev, epoch, now - at, due }
