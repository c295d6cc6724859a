--- A table of the thread that only main still holds keeps its contents.
local scenario = ...

local kept
local thread = scenario.start(function()
  kept = { "contents", { "deep" } }
  scenario.pause()
  scenario.collect()
  scenario.pause()
end)
thread:step()
local mine = kept
kept = nil
thread:step()
scenario.collect()
assert(mine[1] == "contents" and mine[2][1] == "deep")
assert(thread:join())
assert(mine[1] == "contents")
