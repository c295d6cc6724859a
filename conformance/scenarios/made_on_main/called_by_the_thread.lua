--- A function made by a callback runs in the thread too, with the same variables, and makes further ones there.
local scenario = ...

local thread = scenario.start(function()
  local box, n = {}, 0
  scenario.callback("make", function()
    local own = 100
    box.up = function() n = n + 1; own = own + 1; return own end
    box.maker = function() return function() n = n + 10; return own end end
  end)
  scenario.pause()
  assert(box.up() == 101 and n == 1)
  assert(box.maker()() == 101 and n == 11)
  scenario.callback("own", box.up)
  scenario.pause()
  return n, box.up()
end)
thread:step()
scenario.fire("make")
thread:step()
assert(scenario.fire("own") == 102)
local ok, n, own = thread:join()
assert(ok and n == 12 and own == 103)
