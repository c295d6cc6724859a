--- An environment may have metamethods; they run where the function does.
local scenario = ...

local assigned = {}
local env = setmetatable({}, {
  __index = function(_, k) return "no " .. k end,
  __newindex = function(t, k, v) assigned[#assigned + 1] = k; rawset(t, k, v) end,
})
local f = setfenv(function() local before = some; some = 1; return before, some end, env)
scenario.run(function()
  local before, after = f()
  assert(before == "no some" and after == 1)
end)
assert(assigned[1] == "some" and env.some == 1)
