-- What the gates of one store go by: the name of its present epoch, since when it is, and of which
-- run of which server. Where there is none, or one of another run, a new one begins.
--
-- KEYS[1] is where it is noted. ARGV[1] is a random name for a new one, ARGV[2] the name of one that
-- has ended, or nothing.

-- What may be forbidden is asked so that the answer is an error, and not the end of the script.
local function say(section)
  local said = redis.pcall('INFO', section)
  if type(said) == 'table' then return '' end
  return said
end
local server = say('server')
local run = string.match(server, 'run_id:(%w+)') or '-'
local mode = string.match(server, 'redis_mode:(%w+)') or string.match(server, 'server_mode:(%w+)')
local policy = string.match(say('memory'), 'maxmemory_policy:([%w-]+)')
local role = string.match(say('replication'), 'role:(%w+)')
local facts = { mode or '', role or '', policy or '' }

local now = redis.call('TIME')[1]
local held = redis.call('GET', KEYS[1])
if held then
  local name, _, of = string.match(held, '^(%x+) (%d+) (%S+)$')
  if name and of == run and name ~= ARGV[2] then return { held, now, unpack(facts) } end
end
-- A server that cannot be used, or that somebody else writes, keeps what it has.
if mode ~= 'cluster' and role ~= 'slave' then
  held = ARGV[1] .. ' ' .. now .. ' ' .. run
  redis.call('SET', KEYS[1], held)
end
return { held or '', now, unpack(facts) }
