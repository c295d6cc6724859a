--- A function made by a callback is one object: compared, as a key, handed to the thread and back.
local scenario = ...

local made, known = {}, {}
local thread = scenario.start(function()
  local n = 0
  scenario.callback("make", function()
    local function f() n = n + 1; return n end
    made.first, made.second = f, f
    known[f] = "f"
    return f
  end)
  scenario.pause()
  assert(made.first == made.second and known[made.first] == "f")
  assert(made.first() == 2)
  scenario.pause()
  return made.second, n
end)
thread:step()
local f = scenario.fire("make")
assert(f == made.first and f == made.second and known[f] == "f")
assert(f() == 1)
thread:step()
assert(f() == 3)
local ok, g, n = thread:join()
assert(ok and g == f and n == 3)
