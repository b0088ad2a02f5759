-- Each request shows other headers: wrk -s fresh.lua URL -- FILE FIRST
-- A line of the file is a request's own headers, with tabs between them. What is before and behind
-- them is put together once: wrk is to cost as little as can be.
local lines, at, before, behind = {}, 0, "", ""

function init(arguments)
  for line in io.lines(arguments[1]) do lines[#lines + 1] = line:gsub("\t", "\r\n") end
  at = tonumber(arguments[2]) % #lines
  wrk.headers["X-Own"] = "@"
  local request = wrk.format()
  local first, last = request:find("X-Own: @", 1, true)
  before, behind = request:sub(1, first - 1), request:sub(last + 1)
end

function request()
  at = at % #lines + 1
  return before .. lines[at] .. behind
end
