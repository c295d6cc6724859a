--- map and fold written by main work on functions of the thread.
local scenario = ...

local function map(t, f)
  local out = {}
  for i, x in ipairs(t) do out[i] = f(x) end
  return out
end
local squares, calls = scenario.run(function()
  local calls = 0
  local list = map({ 1, 2, 3 }, function(x) calls = calls + 1; return x * x end)
  return list, calls
end)
assert(squares[3] == 9 and calls == 3)
