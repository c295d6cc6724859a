--- Objects of one metatable still share it on the other side.
local scenario = ...

local mt = { __index = { v = 1 } }
local list = {}
for i = 1, 20 do
  list[i] = setmetatable({}, mt)
end
scenario.run(function()
  for i = 2, 20 do
    assert(getmetatable(list[i]) == getmetatable(list[1]))
  end
  getmetatable(list[3]).__index.v = 2
end)
assert(list[20].v == 2)
