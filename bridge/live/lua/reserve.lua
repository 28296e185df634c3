-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- Takes a party for a ring, or keeps it taken by the same ring.
--
-- KEYS  who has the party
-- ARGV  the ring, for how many ms
-- Gives 1 when the ring has it, 0 when another has
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
