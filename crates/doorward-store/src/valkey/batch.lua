-- A batch of questions, answered in one atomic step of two phases.
--
-- KEYS[1] is where the epoch is noted, KEYS[2] the version of the denials; then one key for each
-- question.
-- ARGV[1] is the epoch that the gate knows; behind what `first` names, five words for each question.
--
-- Times are pairs of seconds and nanoseconds: Lua counts in doubles, which are exact up to 2^53, and
-- the nanoseconds since 1970 are more. Nothing is divided or multiplied here but by whole seconds.

local SKIPPED, YES, NO, NEVER, USED, ANSWERED = 0, 1, 2, 3, 4, 5
-- 2^64 - 1 nanoseconds: what a clock of the gate could hold.
local LAST_S, LAST_NS = 18446744073, 709551615
local WINDOW_S_MAX = 1073741824
local COUNT_MAX = 4294967295
-- What is claimed for longer than 2^40 s is claimed for ever.
local CLAIM_S_MAX, EVER_S = 1099511627776, 9223372036854775808
local KEEP_MS_MAX = 1125899906842624
-- Keys before those of questions, and words of each question.
local OWN, WORDS = 2, 5

local held = redis.call('MGET', unpack(KEYS))
if held[1] ~= ARGV[1] then return { 0 } end

local questions = #KEYS - OWN
local at, op, always, watch = {}, {}, {}, {}
local order = {}
for i = 1, questions do
  at[i] = first + (i - 1) * WORDS
  local word = ARGV[at[i]]
  op[i] = string.sub(word, 1, 1)
  always[i] = string.find(word, 'a', 2, true) ~= nil
  watch[i] = string.find(word, 'w', 2, true) ~= nil
  if op[i] ~= 'C' then order[#order + 1] = i end
end
for i = 1, questions do
  if op[i] == 'C' then order[#order + 1] = i end
end

local function number(i, word) return tonumber(ARGV[at[i] + word]) end

-- What stands at each key, with what this batch has changed so far.
local values, lives, changed
local function begin()
  values, lives, changed = {}, {}, {}
  for i = 1, questions do values[KEYS[i + OWN]] = held[i + OWN] end
end
local function put(i, value, ms)
  local key = KEYS[i + OWN]
  values[key], lives[key], changed[key] = value, ms, true
end

local function less(s, ns, other_s, other_ns)
  return s < other_s or (s == other_s and ns < other_ns)
end
local function plus(s, ns, more_s, more_ns)
  s, ns = s + more_s, ns + more_ns
  if ns >= 1000000000 then return s + 1, ns - 1000000000 end
  return s, ns
end
local function minus(s, ns, less_s, less_ns)
  s, ns = s - less_s, ns - less_ns
  if ns < 0 then return s - 1, ns + 1000000000 end
  return s, ns
end

-- A bucket: the time at which it is whole again.
local function bucket(value)
  if not value then return 0, 0 end
  local s, ns = string.match(value, '^(%d+) (%d+)$')
  return tonumber(s), tonumber(ns)
end
local function keep_bucket(i, s, ns, debt_s, debt_ns)
  put(i, s .. ' ' .. ns, debt_s * 1000 + math.ceil(debt_ns / 1000000))
end

local function take(i, cost_s, cost_ns)
  if cost_s < 0 then return NEVER, 0, 0 end
  local s, ns = bucket(values[KEYS[i + OWN]])
  local empty_s, empty_ns = plus(now_s, now_ns, number(i, 3), number(i, 4))
  if less(s, ns, now_s, now_ns) then s, ns = now_s, now_ns end
  -- Nothing is emptier than empty: neither by a slower rate, nor by a clock that was set back.
  if less(empty_s, empty_ns, s, ns) then s, ns = empty_s, empty_ns end
  local next_s, next_ns = plus(s, ns, cost_s, cost_ns)
  if less(LAST_S, LAST_NS, next_s, next_ns) then return NEVER, 0, 0 end
  if less(empty_s, empty_ns, next_s, next_ns) then
    return NO, minus(next_s, next_ns, empty_s, empty_ns)
  end
  local debt_s, debt_ns = minus(next_s, next_ns, now_s, now_ns)
  if cost_s > 0 or cost_ns > 0 then keep_bucket(i, next_s, next_ns, debt_s, debt_ns) end
  return YES, debt_s, debt_ns
end

local function give(i)
  local s, ns = bucket(values[KEYS[i + OWN]])
  s, ns = minus(s, ns, number(i, 1), number(i, 2))
  if not less(now_s, now_ns, s, ns) then
    put(i, false, 0)
    return YES, 0, 0
  end
  local debt_s, debt_ns = minus(s, ns, now_s, now_ns)
  keep_bucket(i, s, ns, debt_s, debt_ns)
  return YES, debt_s, debt_ns
end

-- A window: the second at which it ends, and what was taken from it.
local function window(value, window_s)
  local own_s = window_s - wall_s % window_s
  if not value then return own_s, 0, 0 end
  local stop, count = string.match(value, '^(%d+) (%d+)$')
  local held_s = tonumber(stop) - wall_s
  if held_s <= 0 or held_s > 2 * WINDOW_S_MAX then return own_s, 0, 0 end
  return own_s, held_s, tonumber(count)
end
local function keep_window(i, left_s, count)
  if count == 0 then return put(i, false, 0) end
  put(i, string.format('%.0f %.0f', wall_s + left_s, count), left_s * 1000)
end

local function take_from_window(i, cost)
  local limit = number(i, 2)
  if cost > limit then return NEVER, 0, 0 end
  -- One that is still alive keeps its own end: a clock that was set back grants nothing twice.
  local own_s, held_s, taken = window(values[KEYS[i + OWN]], number(i, 1))
  local left_s, count = math.max(own_s, held_s), taken + cost
  if cost > 0 and count > limit then return NO, left_s, 0 end
  if cost > 0 then keep_window(i, left_s, count) end
  return YES, math.max(0, limit - count), count == 0 and 0 or left_s
end

local function settle(i)
  local window_s, taken, used, age_s = number(i, 1), number(i, 2), number(i, 3), number(i, 4)
  local own_s, held_s, count = window(values[KEYS[i + OWN]], window_s)
  local left_s = math.max(own_s, held_s)
  local begun_s = math.max(0, window_s - left_s)
  if held_s > 0 and age_s <= begun_s then count = math.max(0, count - math.max(0, taken - used)) end
  count = math.min(COUNT_MAX, count + math.max(0, used - taken))
  if taken ~= used then keep_window(i, left_s, count) end
  return YES, 0, count == 0 and 0 or left_s
end

-- A claim: its last second, whether what it stands for was answered, and who made it.
local function claimed(value) return string.match(value, '^(%d+) ([01]) (%S+)$') end
local function keep_claim(i, last_s, answered, maker)
  local ms = math.max(1, last_s - wall_s + 1) * 1000
  put(i, string.format('%.0f %s %s', last_s, answered, maker), ms)
end

local function claim(i)
  local seconds, maker = number(i, 1), ARGV[at[i] + 2]
  if seconds < 0 then return NEVER, 0, 0 end
  local value = values[KEYS[i + OWN]]
  if value then
    local last_s, answered, other = claimed(value)
    if tonumber(last_s) >= wall_s then
      if answered == '1' then return ANSWERED, 0, 0 end
      -- The same question, asked again because nobody heard its answer.
      if other ~= maker then return USED, 0, 0 end
    end
  end
  keep_claim(i, seconds < CLAIM_S_MAX and wall_s + seconds or EVER_S, '0', maker)
  return YES, 0, 0
end

local function note_answered(i)
  local value = values[KEYS[i + OWN]]
  if value then
    local last_s, _, maker = claimed(value)
    keep_claim(i, tonumber(last_s), '1', maker)
  end
  return YES, 0, 0
end

local function unclaim(i)
  local value = values[KEYS[i + OWN]]
  if value then
    local _, answered = claimed(value)
    if answered == '0' then put(i, false, 0) end
  end
  return YES, 0, 0
end

local commits = {
  T = function(i) return take(i, number(i, 1), number(i, 2)) end,
  G = give,
  W = function(i) return take_from_window(i, number(i, 3)) end,
  S = settle,
  C = claim,
  U = unclaim,
  A = note_answered,
}
-- What is left, where nothing is taken.
local looks = {
  T = function(i) return take(i, 0, 0) end,
  G = function(i) return take(i, 0, 0) end,
  W = function(i) return take_from_window(i, 0) end,
}

local codes, ones, others = {}, {}, {}
local function answer(i, ask)
  codes[i], ones[i], others[i] = ask(i)
end
local function test(i)
  local key = KEYS[i + OWN]
  local value, ms, change = values[key], lives[key], changed[key]
  answer(i, commits[op[i]])
  values[key], lives[key], changed[key] = value, ms, change
  if codes[i] == YES and looks[op[i]] then answer(i, looks[op[i]]) end
end

begin()
local stopped
for turn, i in ipairs(order) do
  answer(i, commits[op[i]])
  if codes[i] ~= YES and not watch[i] then
    stopped = turn
    break
  end
end
if stopped then
  begin()
  for turn, i in ipairs(order) do
    local again = (turn < stopped and codes[i] == YES)
      or (turn > stopped and (always[i] or watch[i]))
    if again and always[i] then
      answer(i, commits[op[i]])
    elseif again then
      test(i)
    end
  end
end

for i = 1, questions do
  local key = KEYS[i + OWN]
  if changed[key] then
    changed[key] = nil
    if values[key] then
      local ms = math.min(KEEP_MS_MAX, math.max(1, lives[key], least_ms))
      ms = string.format('%.0f', ms)
      redis.call('SET', key, values[key], 'PX', ms)
    elseif held[i + OWN] then
      redis.call('DEL', key)
    end
  end
end

local out = { 1, told_s, tonumber(held[2] or 0) }
for i = 1, questions do
  out[#out + 1] = codes[i] or SKIPPED
  out[#out + 1] = ones[i] or 0
  out[#out + 1] = others[i] or 0
end
return out
