--- A metamethod replaced on one side is the new one on the other.
local scenario = ...

local mt = { __call = function() return "old" end }
local t = setmetatable({}, mt)
local thread = scenario.start(function()
  assert(t() == "old")
  mt.__call = function() return "new" end
  scenario.pause()
  assert(t() == "newest")
end)
thread:step()
assert(t() == "new")
mt.__call = function() return "newest" end
assert(thread:join())
