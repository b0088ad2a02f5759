-- Puts a denial onto the list, or takes it off.
--
-- KEYS[1] is the list, KEYS[2] its version. ARGV[1] is whom it is about, ARGV[2] the denial, or
-- nothing; ARGV[3] its last second, ARGV[4] how many there may be; then names of those that have
-- ended.

for i = 5, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  local is_new = redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0
  if is_new and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
  local left_s = tonumber(ARGV[3]) - tonumber(redis.call('TIME')[1]) + 1
  local before_s = redis.call('TTL', KEYS[1])
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  -- The list goes with the last of them; two are a day more than clocks can differ.
  local day_s = 86400
  if before_s < left_s + day_s then
    redis.call('EXPIRE', KEYS[1], string.format('%.0f', math.min(left_s + 2 * day_s, 4294967296)))
  end
end
return redis.call('INCR', KEYS[2])
