--- Arithmetic, comparison, concatenation and call of a shared object work in the thread.
local scenario = ...

local mt = {}
local function new(v) return setmetatable({ v = v }, mt) end
mt.__add = function(a, b) return new(a.v + b.v) end
mt.__eq = function(a, b) return a.v == b.v end
mt.__lt = function(a, b) return a.v < b.v end
mt.__le = function(a, b) return a.v <= b.v end
mt.__concat = function(a, b) return a.v .. ":" .. b.v end
mt.__call = function(self, x) return self.v * x end
mt.__unm = function(a) return new(-a.v) end
mt.__tostring = function(a) return "<" .. a.v .. ">" end
local a, b = new(1), new(2)
local c = scenario.run(function()
  assert(a < b and a <= b and a ~= b and a == new(1))
  assert(a .. b == "1:2" and b(21) == 42 and (-b).v == -2 and tostring(a) == "<1>")
  return a + b
end)
assert(c.v == 3 and getmetatable(c) == mt)
