--- __newindex catches the thread's writes.
local scenario = ...

local log = {}
local t = setmetatable({}, { __newindex = function(self, k, v)
  log[#log + 1] = k
  rawset(self, k, v)
end })
scenario.run(function() t.a = 1; t.a = 2; t.b = 3 end)
assert(#log == 2 and log[1] == "a" and log[2] == "b" and t.a == 2)
