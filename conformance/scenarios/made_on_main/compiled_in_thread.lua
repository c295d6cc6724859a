--- Functions compiled in the thread make functions on main as others do.
local scenario = ...

local thread = scenario.start(function()
  local state = { stop = false, n = 0 }
  local make = loadstring([[
    local state = ...
    local calls = 0
    return function()
      local function up() calls = calls + 1; state.n = state.n + calls; return calls end
      return up, function() state.stop = true end
    end
  ]], "=compiled")(state)
  scenario.callback("make", make)
  scenario.pause()
  while not state.stop do scenario.breathe() end
  return state.n
end)
thread:step()
local up, stop = scenario.fire("make")
scenario.post(function()
  assert(up() == 1 and up() == 2)
  stop()
end)
local ok, n = thread:join()
assert(ok and n == 3)
