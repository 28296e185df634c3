-- SPDX-FileCopyrightText: 2026 The Brobygger authors
-- SPDX-License-Identifier: MPL-2.0

-- Lets go of a party, if this ring has it.
--
-- KEYS  who has the party
-- ARGV  the ring
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
