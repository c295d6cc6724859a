--- Two upvalues of the same name in different functions are different variables.
local scenario = ...

local function a()
  local x = "a"
  return function(v) if v then x = v end return x end
end
local function b()
  local x = "b"
  return function(v) if v then x = v end return x end
end
local f, g = a(), b()
scenario.run(function()
  assert(f() == "a" and g() == "b")
  f("changed")
end)
assert(f() == "changed" and g() == "b")
