--- thread:sync hands over writes to tables and new tables.
local scenario = ...

local t = { list = {} }
local thread = scenario.start(function()
  scenario.pause()
  return #t.list, t.new and t.new[1]
end)
thread:step()
t.list[1], t.list[2], t.new = "a", "b", { "n" }
thread:sync()
local ok, n, first = thread:join()
assert(ok and n == 2 and first == "n")
