--- A cycle through functions and tables of both sides works until the end.
local scenario = ...

local node = { name = "main" }
node.visit = function() return node.other.name end
local thread = scenario.start(function()
  local mine = { name = "thread", other = node }
  node.other = mine
  mine.visit = function() return mine.other.name end
  scenario.pause()
  scenario.collect()
  return mine.visit() .. node.visit()
end)
thread:step()
scenario.collect()
assert(node.visit() == "thread" and node.other.visit() == "main")
local ok, names = thread:join()
assert(ok and names == "mainthread")
