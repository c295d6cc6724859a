--- A function of main that the thread has called there writes a variable; the thread sees it at once.
local scenario = ...

local n, t = 1, { 1 }
local function bump(by)
  n = n + by
  t[1] = n
end

scenario.run(function()
  scenario.on_main(bump, 2)
  assert(n == 3 and t[1] == 3)
  n = 10
  scenario.on_main(bump, 1)
  assert(n == 11 and t[1] == 11)
end)
assert(n == 11 and t[1] == 11)
