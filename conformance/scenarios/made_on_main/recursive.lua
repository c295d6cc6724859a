--- A local function of a callback that calls itself is one function, and takes part.
local scenario = ...

local thread = scenario.start(function()
  local calls, done = 0, false
  local same
  scenario.callback("make", function()
    local me
    local function factorial(x)
      calls = calls + 1
      same = me == factorial
      if x == 0 then
        done = true
        return 1
      end
      return x * factorial(x - 1)
    end
    me = factorial
    return factorial
  end)
  scenario.pause()
  while not done do scenario.breathe() end
  return calls, same
end)
thread:step()
local factorial = scenario.fire("make")
local result
scenario.post(function() result = factorial(10) end)
local ok, calls, same = thread:join()
assert(ok and result == 3628800 and calls == 11 and same == true)
