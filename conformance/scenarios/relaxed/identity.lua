--- Relaxed: tables and functions keep their identity, and so do new ones that callbacks make.
local scenario = ...

local known = {}
local thread = scenario.start_relaxed(function()
  local shared, made = { name = "shared" }, {}
  local function f() return shared end
  scenario.callback("make", function(i)
    made[i] = { owner = shared, get = f }
    known[i] = made[i]
    shared[made[i]] = i
  end)
  scenario.pause()
  for i = 1, 20 do
    shared.turn = i
    scenario.breathe()
  end
  scenario.settle()
  local wrong = 0
  for i = 1, 20 do
    local one = made[i]
    if one.owner ~= shared or one.get ~= f or one.get() ~= shared or shared[one] ~= i or known[i] ~= one then
      wrong = wrong + 1
    end
  end
  return wrong, made, shared
end)
thread:step()
for i = 1, 20 do scenario.post("make", i) end
local ok, wrong, made, shared = thread:join()
assert(ok and wrong == 0 and shared.turn == 20)
for i = 1, 20 do
  assert(made[i] == known[i] and made[i].owner == shared and made[i].get() == shared and shared[made[i]] == i)
end
