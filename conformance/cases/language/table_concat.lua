--- `table.concat`: separators, ranges, numbers, errors.

assert(table.concat({}) == "" and table.concat({}, ",") == "" and table.concat({ "a" }, ",") == "a")
assert(table.concat({ 1, 2, 3 }) == "123" and table.concat({ 1, 2, 3 }, ", ") == "1, 2, 3" and table.concat({ "a", 1.5, "b" }, "-") == "a-1.5-b")
assert(table.concat({ 1, 2, 3 }, ",", 2) == "2,3" and table.concat({ 1, 2, 3 }, ",", 2, 2) == "2" and table.concat({ 1, 2, 3 }, ",", 3, 2) == "")
assert(table.concat({ 1, 2 }, "", 3) == "" and table.concat({ 1, 2 }, 0) == "102" and table.concat({ "x", "y" }, "\0") == "x\0y")
assert(table.concat({ [-1] = "a", [0] = "b", "c" }, "", -1, 1) == "abc" and table.concat({ [5] = "x", [6] = "y" }, "+", 5, 6) == "x+y")
assert(table.concat({ 1, 2, 3 }, ",", 1.5, 2.5) == "1,2" and table.concat({ 1, 2, 3 }, nil, 2) == "23" and table.concat({ 1, 2, 3 }, ",", nil, 2) == "1,2")
assert(table.concat({ "", "", "" }, ",") == ",," and table.concat({ 1e15, -0.5, 2 ^ 53 }, " ") == "1e+15 -0.5 9.007199254741e+15")
assert(table.concat({ "a", "b", nil }) == "ab")

local long = {}
for i = 1, 20000 do
  long[i] = i
end
local text = table.concat(long, " ")
assert(#text == 108893 and text:sub(1, 8) == "1 2 3 4 " and text:sub(-5) == "20000")

-- Only the numbers and strings of the table itself; metamethods are not asked.
local proxy = setmetatable({}, {
  __index = function(_, i)
    return "v" .. i
  end,
})
local ok, err = pcall(table.concat, proxy, ",", 1, 2)
assert(not ok and err == "invalid value (nil) at index 1 in table for 'concat'", err)
ok, err = pcall(table.concat, { 1, {} })
assert(not ok and err == "invalid value (table) at index 2 in table for 'concat'", err)
ok, err = pcall(table.concat, { 1, 2, 3 }, ",", 1, 5)
assert(not ok and err == "invalid value (nil) at index 4 in table for 'concat'", err)
ok, err = pcall(table.concat, { true })
assert(not ok and err == "invalid value (boolean) at index 1 in table for 'concat'", err)
ok, err = pcall(table.concat, { "a", "b", print }, ",")
assert(not ok and err == "invalid value (function) at index 3 in table for 'concat'", err)
