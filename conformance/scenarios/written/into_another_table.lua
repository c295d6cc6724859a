--- A store that a metatable sends elsewhere is seen where it went.
local scenario = ...

local behind = {}
local t = setmetatable({}, { __newindex = behind })
local far = setmetatable({}, { __newindex = t })

scenario.run(function()
  scenario.on_main(function() t.a = 1 end)
  assert(rawget(t, "a") == nil and behind.a == 1)
  scenario.on_main(function() far[2] = "two" end)
  assert(behind[2] == "two" and next(far) == nil)
  local own, sink = {}, {}
  scenario.on_main(function()
    own.before = true
    setmetatable(own, { __newindex = sink })
    own.behind = true
  end)
  assert(own.before and rawget(own, "behind") == nil and sink.behind)
end)
