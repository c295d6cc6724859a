--- Inside a callback a function of its own blames its caller, as ever.
local scenario = ...

local thread = scenario.start(function()
  scenario.callback("check", function()
    local function check(x)
      if not x then error("no value", 2) end
    end
    local ok, message = pcall(function()
      check(true)
      check(nil) -- line 11
    end)
    return ok, message
  end)
  scenario.pause()
end)
thread:step()
local ok, message = scenario.fire("check")
assert(not ok and message:match("error_level.lua:11: no value$"), message)
assert(thread:join())
