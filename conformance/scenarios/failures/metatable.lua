--- Metatables cross (threading.nvim: they vanish).
local scenario = ...

local object = setmetatable({ v = 2 }, { __index = { double = function(self) return self.v * 2 end } })
assert(scenario.run(function(o) return o:double() end, object) == 4)
