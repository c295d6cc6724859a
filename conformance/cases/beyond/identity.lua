--- Addresses are serial numbers, a full collection follows each step, and depth is bounded by memory alone.

assert(tostring({}):match("^table: 0x%x%x%x%x%x%x%x%x$"))
assert(tostring(print):match("^function: builtin"))
assert(collectgarbage("step") == true)
local weak = setmetatable({ {} }, { __mode = "v" })
collectgarbage("step")
assert(weak[1] == nil)

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
