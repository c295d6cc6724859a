--- `print` converts its arguments by the global `tostring` of the running coroutine.

local builtin = tostring
local seen, count = {}, 0
local function note(value)
  count = count + 1
  seen[count] = value
  return ""
end

tostring = note
print(1, "a", nil, 2)
tostring = builtin
assert(count == 4 and seen[1] == 1 and seen[2] == "a" and seen[3] == nil and seen[4] == 2)

-- Without one, or with one that gives no text, it fails.
tostring = nil
local ok, err = pcall(print, 1)
tostring = builtin
assert(not ok and err == "attempt to call a nil value", err)
tostring = function()
  return {}
end
ok, err = pcall(print)
assert(ok)
ok, err = pcall(function()
  print("x")
end)
tostring = builtin
assert(not ok and err:find("print.lua:%d+: 'tostring' must return a string to 'print'$"), err)

-- Numbers are text, and anything that can be called converts.
tostring = setmetatable({}, {
  __call = function(_, value)
    seen = value
    return 5
  end,
})
print("y")
tostring = builtin
assert(seen == "y")

-- `__tostring` alike: a number will do.
local calls = 0
local shown = setmetatable({}, {
  __tostring = function()
    calls = calls + 1
    return calls
  end,
})
print(shown, shown, shown)
assert(calls == 3)

-- The environment of the coroutine counts, with its metatable.
local asked
local thread = coroutine.create(function()
  print("z")
end)
debug.setfenv(
  thread,
  setmetatable({}, {
    __index = function(_, key)
      asked = key
      return note
    end,
  })
)
seen, count = {}, 0
assert(coroutine.resume(thread))
assert(asked == "tostring" and seen[1] == "z")
