--- What `debug.getlocal` sees of protected calls: their arguments are the callee's, but for the handler of `xpcall`.

local function slots(level)
  local names = {}
  for slot = 1, 4 do
    names[slot] = tostring(debug.getlocal(level + 1, slot))
  end
  return table.concat(names, " ")
end

local function of_caller()
  local found = slots(2)
  return found
end
local function handler() end
assert(select(2, pcall(of_caller, 1, 2)) == "nil nil nil nil")
assert(select(2, xpcall(of_caller, handler, 1, 2)) == "(*temporary) nil nil nil")
xpcall(function()
  local name, value = debug.getlocal(2, 1)
  assert(name == "(*temporary)" and value == handler)
end, handler)
assert(select(2, pcall(debug.getlocal, 1, 1)) == nil)
assert(select(2, pcall(pcall, debug.getlocal, 1, 1)) == true)

-- Those of other library functions are among their state.
local seen
table.sort({ 1, 2 }, function(a, b)
  seen = seen or debug.getlocal(2, 1)
  return a < b
end)
assert(seen == "(*temporary)")
