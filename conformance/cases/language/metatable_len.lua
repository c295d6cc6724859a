--- `__len` is asked for userdata and ignored for tables and strings.

local u = newproxy(true)
getmetatable(u).__len = function(v, extra)
  assert(rawequal(v, u))
  return 42, "surplus"
end
assert(#u == 42 and select("#", #u) == 1)
local t = setmetatable({ 1, 2, 3 }, {
  __len = function()
    return 42
  end,
})
assert(#t == 3)
getmetatable("").__len = function()
  return 42
end
assert(#"abc" == 3)
getmetatable("").__len = nil

-- The result may be of any type.
getmetatable(u).__len = function()
  return "many"
end
assert(#u == "many")
getmetatable(u).__len = function() end
assert(#u == nil)

local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
getmetatable(u).__len = nil
refused(function() return #u end, "attempt to get length of upvalue 'u' (a userdata value)")
refused(function() local n = 1; return #n end, "attempt to get length of local 'n' (a number value)")
refused(function() return #t.x end, "attempt to get length of field 'x' (a nil value)")
refused(function() return #true end, "attempt to get length of a boolean value")

-- For a type of its own.
debug.setmetatable(1, {
  __len = function(n)
    return n + 1
  end,
})
local five = 5
assert(#five == 6)
debug.setmetatable(1, nil)
