--- An environment that one thread gives a function is the function's in the other thread, too.
local scenario = ...

local env = { z = "new" }
local f = setfenv(function() return z end, { z = "old" })
local function body()
  assert(f() == "old")
  scenario.pause()
  return f(), getfenv(f) == env
end
local one, other = scenario.start(body), scenario.start(body)
one:step()
other:step()
assert(one:call(function() setfenv(f, env) end):join())
assert(f() == "new")
for _, thread in ipairs({ one, other }) do
  local ok, value, is_same = thread:join()
  assert(ok and value == "new" and is_same, value)
end
