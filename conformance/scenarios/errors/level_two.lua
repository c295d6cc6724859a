--- error(…, 2) blames the caller, also across files of code that crossed.
local scenario = ...

local function check() error("bad", 2) end
local ok, why = scenario.start(function()
  check() -- line 6
end):join()
assert(not ok and why:match("level_two.lua:6: bad"), why)
