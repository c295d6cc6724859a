--- Options of `string.buffer` are looked at for each buffer and never changed.

local buffer = require("string.buffer")
local dict = { "a", "b" }
buffer.new({ dict = dict })
local count = 0
for _ in pairs(dict) do
  count = count + 1
end
assert(count == 2, "LuaJIT keeps the numbers of the strings in the table itself")
dict[3] = 7
assert(not pcall(buffer.new, { dict = dict }), "LuaJIT does not look again")
assert(not pcall(buffer.new, { dict = { 5, x = 1 } }), "LuaJIT takes a hash part for its own")
