--- Endless recursion in the thread is an error that it can catch.
local scenario = ...

local function forever(n) return 1 + forever(n + 1) end
local caught = scenario.run(function()
  local ok, why = pcall(forever, 1)
  return not ok and tostring(why):match("stack overflow")
end)
assert(caught == "stack overflow")
