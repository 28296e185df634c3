-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- Strikes parties off the index that nobody need look at again, but only while
-- nobody has written since the sweeper's lease: a party that has come back in
-- between must stay.
--
-- KEYS  a partition of the index
-- ARGV  the lease's score, then uids
for n = 2, #ARGV do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[n])
  if score and tonumber(score) == tonumber(ARGV[1]) then
    redis.call('ZREM', KEYS[1], ARGV[n])
  end
end
return 0
