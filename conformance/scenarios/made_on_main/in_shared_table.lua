--- A function that a callback has put into a shared table sees the thread's writes and hands its own over.
local scenario = ...

local api, flag = {}, nil
local thread = scenario.start(function()
  scenario.callback("make", function()
    api.set = function(value) flag = value end
    api.get = function() return flag end
  end)
  scenario.pause()
  while flag ~= "go" do scenario.breathe() end
  flag = "gone"
  scenario.post("answer")
  scenario.settle()
  return flag
end)
thread:step()
scenario.fire("make")
local seen
scenario.callback("answer", function()
  seen = api.get()
  api.set("end")
end)
scenario.post(function() api.set("go") end)
local ok, last = thread:join()
assert(ok and last == "end" and seen == "gone")
