-- Each request shows another token: wrk -s fresh.lua URL -- FILE FIRST
-- What is before and behind the token is put together once: wrk is to cost as little as can be.
local tokens, at, before, behind = {}, 0, "", ""

function init(arguments)
  for line in io.lines(arguments[1]) do tokens[#tokens + 1] = line end
  at = tonumber(arguments[2]) % #tokens
  wrk.headers["Authorization"] = "Bearer @TOKEN@"
  local request = wrk.format()
  local first, last = request:find("@TOKEN@", 1, true)
  before, behind = request:sub(1, first - 1), request:sub(last + 1)
end

function request()
  at = at % #tokens + 1
  return before .. tokens[at] .. behind
end
