--- A function made by a callback that fails keeps what it has written, and its error reaches the caller.
local scenario = ...

local thread = scenario.start(function()
  local written = false
  scenario.callback("make", function()
    return function(problem) written = true; error(problem) end
  end)
  scenario.pause()
  while not written do scenario.breathe() end
  return "through"
end)
thread:step()
local fail = scenario.fire("make")
local problem = { "a table" }
local ok, caught
scenario.post(function() ok, caught = pcall(fail, problem) end)
local joined, result = thread:join()
assert(joined and result == "through" and ok == false and caught == problem)
local ok, message = pcall(fail, "words")
assert(not ok and message:match("error.lua:%d+: words$"))
