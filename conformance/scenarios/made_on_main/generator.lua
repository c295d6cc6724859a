--- A generator made by a callback: each resumption sees what the thread has written since the last.
local scenario = ...

local thread = scenario.start(function()
  local turn, value = 0, 0
  scenario.callback("make", function()
    return coroutine.wrap(function()
      while true do
        turn = turn + 1
        coroutine.yield(value)
      end
    end)
  end)
  scenario.pause()
  for i = 1, 5 do
    value = i * 11
    scenario.post("ask")
    scenario.settle()
    assert(turn == i)
  end
end)
thread:step()
local next_value = scenario.fire("make")
local seen = {}
scenario.callback("ask", function() seen[#seen + 1] = next_value() end)
assert(thread:join())
assert(table.concat(seen, " ") == "11 22 33 44 55")
