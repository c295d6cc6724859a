--- A function that one thread's callback has made on main runs in another thread, with main's variables.
local scenario = ...

local first = scenario.start(function()
  scenario.callback("make", function()
    local n = 0
    return function() n = n + 1; return n end
  end)
  scenario.pause()
end)
first:step()
local count = scenario.fire("make")
assert(count() == 1)
assert(scenario.run(function() return count() end) == 2)
assert(count() == 3)
assert(first:join())
