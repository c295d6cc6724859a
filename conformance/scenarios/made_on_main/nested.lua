--- A function made by a function made by a callback takes part as well.
local scenario = ...

local thread = scenario.start(function()
  local level = 0
  scenario.callback("make", function()
    return function(a)
      return function(b)
        return function(c) level = a + b + c; return level end
      end
    end
  end)
  scenario.pause()
  while level == 0 do scenario.breathe() end
  return level
end)
thread:step()
local f = scenario.fire("make")(1)(20)
scenario.post(function() f(300) end)
local ok, level = thread:join()
assert(ok and level == 321)
