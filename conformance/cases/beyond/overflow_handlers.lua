--- What the message handler of a stack overflow may do. The texts are Neovim's LuaJIT's; older ones call no handler.
-- diverges: there is room for 2000 slots, where LuaJIT has about 40: `debug.traceback` works.

local function forever()
  return 1 + forever()
end

local function check(expected, handler)
  local ok, message = xpcall(forever, handler)
  assert(not ok and message == expected, message)
end

for round = 1, 3 do
  assert(select(2, pcall(forever)) == "stack overflow")
  check("handled: stack overflow", function(message)
    return "handled: " .. message
  end)
  check("Stack overflow", function(message)
    return (message:gsub("s", function(s)
      return s:upper()
    end, 1))
  end)
  check("sorted 1", function()
    local t = { 3, 2, 1 }
    table.sort(t, function(a, b)
      return a < b
    end)
    return "sorted " .. t[1]
  end)
  -- Whatever goes wrong in the handler counts as an overflow again.
  check("stack overflow", forever)
  check("stack overflow", error)
  check("stack overflow", function()
    error("new")
  end)
  check("caught stack overflow", function()
    return "caught " .. select(2, pcall(forever))
  end)
  check("caught new", function()
    return "caught " .. select(2, pcall(error, "new"))
  end)

  local ok, message = xpcall(forever, debug.traceback)
  assert(not ok and message:find("^stack overflow\nstack traceback:\n"))
  local _, lines = message:gsub("\n", "")
  assert(lines == 23 and message:find("\n\t...\n", 1, true), message)
  ok, message = xpcall(forever, function(text)
    local function deep(n)
      return n == 0 and text or (deep(n - 1))
    end
    return deep(200)
  end)
  assert(message == "stack overflow")
  -- The limit is the old one afterwards: variables that closures hold have moved with the stack.
  local kept = 1
  local function get()
    return kept
  end
  xpcall(forever, debug.traceback)
  kept = 2
  assert(get() == 2)
end

local co = coroutine.wrap(function()
  return xpcall(forever, function(message)
    return "in a coroutine: " .. message
  end)
end)
assert(select(2, co()) == "in a coroutine: stack overflow")

-- Only a vararg expression that finds no room says where.
local function growing(...)
  return growing(1, ...)
end
assert(select(2, pcall(growing)):find("overflow_handlers.lua:%d+: stack overflow$"))
