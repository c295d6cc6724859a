--- A function of main that the thread calls and that fails raises its error there, with main's line.
local scenario = ...

local function check(x) if not x then error("check failed") end end
scenario.run(function()
  local ok, why = pcall(check, false)
  assert(not ok and why:match("main_function.lua:%d+: check failed"))
end)
