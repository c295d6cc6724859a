--- What comparing random programs with LuaJIT has shown to differ, and stays so.
-- diverges: see each part; COMPATIBILITY.md has the rows.

-- The length of a table with holes is one of its borders, not always the one that LuaJIT finds.
local holes = { 3, 1, 2 }
holes[2] = nil
assert(#holes == 1 or #holes == 3)

-- A message handler that fails is not called again; in LuaJIT it is, until the stack is full.
local calls = 0
local ok, value = xpcall(error, function()
  calls = calls + 1
  error("again")
end)
assert(not ok and value == "error in error handling" and calls == 1)

-- Rounding nothing is an error, whatever the stack held; LuaJIT's `pcall(math.floor)` may give a number.
for _, round in ipairs({ math.floor, math.ceil }) do
  assert(not pcall(round))
end

-- `os.time` looks at the table alone; LuaJIT asks its `__index` too.
local date = setmetatable({}, {
  __index = function()
    return 1
  end,
})
local message
ok, message = pcall(os.time, date)
assert(not ok and message:find("field 'day' missing in date table", 1, true), message)

-- `debug.setlocal` leaves the temporaries of library functions as they are: their state is among them.
local list, name = { 3, 1, 2 }, nil
table.sort(list, function(a, b)
  name = name or debug.setlocal(2, 1, "no list")
  return a < b
end)
assert(name == "(*temporary)" and table.concat(list) == "123")

-- A buffer is as before when its `encode` fails; LuaJIT leaves a part of the encoding in it, if it has grown.
local buffer, endless = require("string.buffer").new(), {}
endless[1] = endless
buffer:put("before")
ok, message = pcall(buffer.encode, buffer, endless)
assert(not ok and message == "too deep to serialize" and buffer:tostring() == "before")
