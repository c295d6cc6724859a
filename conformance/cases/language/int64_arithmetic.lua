--- Operators on 64-bit integers: which type the result has, conversions of numbers, division, order, equality,
--- and the messages where there is no result.

local function check(expression, expected)
  local result = tostring(assert(loadstring("return " .. expression, "=case"))())
  assert(result == expected, expression .. " gave " .. result)
end

-- Signed with signed or a number is signed; anything with unsigned is unsigned.
check("1LL + 2LL", "3LL")
check("1LL + 2ULL", "3ULL")
check("1ULL - 2LL", "18446744073709551615ULL")
check("5 - 7LL", "-2LL")
check("2 * 3ULL", "6ULL")
check("7LL / 2", "3LL")
check("-7LL / 2", "-3LL")
check("-7LL % 3", "-1LL")
check("7LL % -3", "1LL")
check("-7ULL / 2", "9223372036854775804ULL")
check("2LL ^ 62", "4611686018427387904LL")
check("3LL ^ 41", "-420491770248316829LL")
check("2ULL ^ 64", "0ULL")
check("-1ULL", "18446744073709551615ULL")
check("-(-9223372036854775807LL - 1)", "-9223372036854775808LL")

-- Results wrap.
check("9223372036854775807LL + 1", "-9223372036854775808LL")
check("0ULL - 1", "18446744073709551615ULL")
check("4294967296LL * 4294967296LL", "0LL")

-- Division by zero, and the one quotient that does not fit.
check("1LL / 0", "-9223372036854775808LL")
check("1LL % 0", "-9223372036854775808LL")
check("1ULL / 0", "9223372036854775808ULL")
check("0ULL % 0", "9223372036854775808ULL")
check("(-9223372036854775807LL - 1) / -1", "-9223372036854775808LL")
check("(-9223372036854775807LL - 1) % -1", "0LL")

-- Powers with a negative exponent.
check("2LL ^ -1", "0LL")
check("1LL ^ -5", "1LL")
check("(-1LL) ^ -5", "-1LL")
check("(-1LL) ^ -4", "1LL")
check("0LL ^ -1", "9223372036854775807LL")
check("7LL ^ 0", "1LL")

-- Numbers are cut off; what does not fit is the smallest integer, for unsigned the same bits.
check("1LL + 0.99", "1LL")
check("1LL - 1.99", "0LL")
check("0LL + 2 ^ 53", "9007199254740992LL")
check("0LL + 2 ^ 63", "-9223372036854775808LL")
check("0LL + 0 / 0", "-9223372036854775808LL")
check("0LL + 1 / 0", "-9223372036854775808LL")
check("0ULL + 2 ^ 63", "9223372036854775808ULL")
check("0ULL + 1e19", "10000000000000000000ULL")
check("0ULL + 2 ^ 64", "0ULL")
check("0ULL + 1e300", "9223372036854775808ULL")
check("1ULL + -1", "9223372036854775809ULL")

-- Registers and constants on either side.
local one, two, big = 1LL, 2ULL, 0xffffffffffffffffULL
local n = 3
assert(tostring(one + n) == "4LL" and tostring(n + one) == "4LL" and tostring(two * n) == "6ULL")
assert(tostring(one + 1) == "2LL" and tostring(1 + one) == "2LL" and tostring(10 - two) == "8ULL")
assert(tostring(-one) == "-1LL" and tostring(-two) == "18446744073709551614ULL" and tostring(-big) == "1ULL")
local sum = 0LL
for i = 1, 1000 do
  sum = sum + i * one
end
assert(sum == 500500LL)

-- Order and equality, with numbers converted likewise.
assert(1LL < 2LL and not (2LL < 1LL) and 1LL <= 1LL and 2LL > 1 and 1 < 2LL and 1ULL >= 1)
assert(-1LL < 0 and not (-1LL < 0ULL) and -1LL == 0xffffffffffffffffULL and -1LL > 1ULL)
assert(1LL == 1 and 1 == 1ULL and 1LL == 1ULL and 1LL == 1.9 and not (1LL < 1.9) and 1LL ~= 2)
assert(one == 1 and 1 == one and one ~= 2 and not (one ~= 1) and one == one and two == one + 1)
assert(9007199254740993LL ~= 9007199254740992LL and 9007199254740993LL ~= 2 ^ 53)

-- An integer equals no value of another type.
local null, yes, text, list = nil, true, "1", {}
assert(1LL ~= nil and 0LL ~= false and 1LL ~= true and 1LL ~= "1" and nil ~= 1LL and "1" ~= 1LL)
assert(one ~= null and one ~= yes and one ~= text and one ~= list and one ~= print and one ~= newproxy())
assert(null ~= one and yes ~= one and text ~= one and list ~= one and not (one == text) and not (list == one))
local greedy = setmetatable({}, { __eq = function() return true end })
assert(one ~= greedy and greedy ~= one)

-- Handlers of the other operand count where the integer has none of its own before it.
local function answer(name) return function() return name end end
local object = setmetatable({}, {
  __add = answer("add"), __concat = answer("concat"), __lt = answer(true), __le = answer(true), __unm = answer("unm"),
})
assert(object + one == "add" and object .. one == "concat")

local function fails(expression, message)
  local ok, err = pcall(assert(loadstring("local object, x = ..., 1LL return " .. expression, "=case")), object)
  assert(not ok, expression .. " gave " .. tostring(err))
  assert(err == "case:1: " .. message, expression .. ": " .. err)
end
fails("x + object", "attempt to perform arithmetic on 'int64_t' and 'table'")
fails("x .. object", "attempt to concatenate 'int64_t' and 'table'")
fails("x < object", "attempt to compare 'int64_t' with 'table'")
fails("object <= x", "attempt to compare 'table' with 'int64_t'")
fails("x + '1'", "attempt to perform arithmetic on 'int64_t' and 'string'")
fails("'1' * x", "attempt to perform arithmetic on 'string' and 'int64_t'")
fails("1ULL - nil", "attempt to perform arithmetic on 'uint64_t' and 'nil'")
fails("true ^ x", "attempt to perform arithmetic on 'boolean' and 'int64_t'")
fails("x % print", "attempt to perform arithmetic on 'int64_t' and 'function'")
fails("x < 'a'", "attempt to compare 'int64_t' with 'string'")
fails("nil > 2ULL", "attempt to compare 'uint64_t' with 'nil'")
fails("x >= true", "attempt to compare 'boolean' with 'int64_t'")
fails("x .. 'a'", "attempt to concatenate 'int64_t' and 'string'")
fails("1 .. x", "attempt to concatenate 'number' and 'int64_t'")
fails("'a' .. 'b' .. 2ULL", "attempt to concatenate 'string' and 'uint64_t'")
fails("#x", "attempt to get length of 'int64_t'")
fails("x.field", "'int64_t' has no member named 'field'")
fails("x[1]", "'int64_t' cannot be indexed with 'number'")
fails("(2ULL)[x]", "'uint64_t' cannot be indexed with 'int64_t'")
fails("x[nil]", "'int64_t' cannot be indexed with 'nil'")
fails("x:method()", "'int64_t' has no member named 'method'")
fails("(x())", "'int64_t' is not callable")
fails("(function() x.field = 1 end)()", "'int64_t' has no member named 'field'")
fails("(function() x[2] = 1 end)()", "'int64_t' cannot be indexed with 'number'")

-- The operators leave no frame of their own behind.
local trace = select(2, xpcall(function()
  local y = one + nil
  return y
end, debug.traceback))
assert(trace:find("^[^\n]*: attempt to perform arithmetic on 'int64_t' and 'nil'\nstack traceback:\n\t[^\n]*in function <"), trace)

-- The metatable can be reached, and changed, by `debug`.
local metatable = debug.getmetatable(one)
assert(metatable.__metatable == "ffi" and debug.getmetatable(two) == metatable)
local names = {}
for name in pairs(metatable) do
  names[#names + 1] = name
end
table.sort(names)
assert(table.concat(names, " ") == "__add __call __concat __div __eq __index __ipairs __le __len __lt __metatable __mod __mul __newindex __pairs __pow __sub __tostring __unm")
assert(metatable.__add(1LL, 2) == 3LL and metatable.__unm(2LL, 2LL) == -2LL and metatable.__tostring(5ULL) == "5ULL")
assert(metatable.__lt(1LL, 2) == true and metatable.__eq(1LL, 1) == true and metatable.__eq(1LL, {}) == false)
local ok, err = pcall(metatable.__add, 1LL)
assert(not ok and err == "bad argument #1 to '?' (cdata expected, got cdata)", err)
ok, err = pcall(metatable.__index, 1, 2)
assert(not ok and err == "bad argument #1 to '?' (cdata expected, got number)", err)
local add, index, equal = metatable.__add, metatable.__index, metatable.__eq
metatable.__add = function(a, b) return "sum of " .. tostring(a) .. " and " .. tostring(b) end
metatable.__index = function(_, key) return key end
metatable.__eq = function() return true end
assert(one + 2 == "sum of 1LL and 2" and 2 + one == "sum of 2 and 1LL" and one.field == "field" and one == "x" and nil == one)
metatable.__add, metatable.__index, metatable.__eq = add, index, equal
assert(one + 2 == 3LL and one ~= "x")
