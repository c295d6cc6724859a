--- Addresses are serial numbers, and there is no C stack that bounds how deep coroutines and callbacks go.

assert(tostring({}):match("^table: 0x%x%x%x%x%x%x%x%x$"))
assert(tostring(print):match("^function: builtin"))

local function nested(depth)
  if depth == 0 then
    return 0
  end
  local inner
  ("x"):gsub("x", function()
    inner = coroutine.wrap(nested)(depth - 1)
  end)
  return inner + 1
end
assert(nested(1000) == 1000, "LuaJIT's C stack ends this")
