--- A table of main that only the thread still holds keeps its contents.
local scenario = ...

local t = { "contents" }
local weak = setmetatable({ t }, { __mode = "v" })
local thread = scenario.start(function(x)
  scenario.pause()
  scenario.collect()
  scenario.pause()
  return x[1], x
end, t)
thread:step()
t = nil
thread:step()
scenario.collect()
local ok, first, same = thread:join()
assert(ok and first == "contents" and (weak[1] == nil or weak[1] == same))
