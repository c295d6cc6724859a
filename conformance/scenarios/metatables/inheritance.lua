--- A chain of __index tables is followed on the other side.
local scenario = ...

local A = { name = "A", kind = "base" }
A.__index = A
local B = setmetatable({ name = "B" }, A)
B.__index = B
local o = setmetatable({}, B)
scenario.run(function()
  assert(o.name == "B" and o.kind == "base")
  A.late = "later"
end)
assert(o.late == "later")
