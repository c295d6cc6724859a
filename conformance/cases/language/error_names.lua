--- Run-time errors name the variable: local, upvalue, global, field, method, or nothing.

local function check(source, expected)
  local f = assert(load(source, "=case"))
  local ok, message = pcall(f)
  assert(not ok, source .. " gave no error")
  if message ~= "case:1: " .. expected then
    error(source .. "\n  gave     " .. tostring(message) .. "\n  expected case:1: " .. expected, 0)
  end
end

-- Indexing.
check("local a a.x = 1", "attempt to index local 'a' (a nil value)")
check("local a = 1 return a.x", "attempt to index local 'a' (a number value)")
check("local a = true return a[1]", "attempt to index local 'a' (a boolean value)")
check("local function a() end return a.x", "attempt to index local 'a' (a function value)")
check("local a local function f() return a.x end f()", "attempt to index upvalue 'a' (a nil value)")
check("return undefined.x", "attempt to index global 'undefined' (a nil value)")
check("undefined.x = 1", "attempt to index global 'undefined' (a nil value)")
check("local t = {} return t.a.b", "attempt to index field 'a' (a nil value)")
check("local t = {} return t['a'].b", "attempt to index field 'a' (a nil value)")
check("local t = {} return t[1].b", "attempt to index a nil value")
check("local t, k = {}, 'k' return t[k].b", "attempt to index a nil value")
check("local t = { a = {} } t.a.b.c = 1", "attempt to index field 'b' (a nil value)")
check("return string.nothing.x", "attempt to index field 'nothing' (a nil value)")
check("return (1).x", "attempt to index a number value")
check("return (nil).x", "attempt to index a nil value")
check("return ({}).x.y", "attempt to index field 'x' (a nil value)")
check("local function f() end return f().x", "attempt to index a nil value")
check("local function f(a) return a.x end f()", "attempt to index local 'a' (a nil value)")
check("local function f(...) local a = ... return a.x end f()", "attempt to index local 'a' (a nil value)")
check("for i = 1, 1 do local x = i.y.z end", "attempt to index local 'i' (a number value)")
check("local a, b = {} b.x = a", "attempt to index local 'b' (a nil value)")
check("local x = nil; (x or x).y = 1", "attempt to index local 'x' (a nil value)")

-- Calling.
check("local f f()", "attempt to call local 'f' (a nil value)")
check("undefined()", "attempt to call global 'undefined' (a nil value)")
check("local t = {} t.f()", "attempt to call field 'f' (a nil value)")
check("local t = {} t:f()", "attempt to call method 'f' (a nil value)")
check("local t = { f = 1 } t:f()", "attempt to call method 'f' (a number value)")
check("('x'):nothing()", "attempt to call method 'nothing' (a nil value)")
check("local t = {} t[1]()", "attempt to call a nil value")
check("local t = {} t.a.b()", "attempt to index field 'a' (a nil value)")
check("local f local function g() f() end g()", "attempt to call upvalue 'f' (a nil value)")
check("(1)()", "attempt to call a number value")
check("({})()", "attempt to call a table value")
check("string.nothing('x')", "attempt to call field 'nothing' (a nil value)")
check("local function f() return nil end f()()", "attempt to call a nil value")
check("local x = 5 return (x)()", "attempt to call local 'x' (a number value)")
check("local x = 5 local y = x() ", "attempt to call local 'x' (a number value)")

-- Arithmetic.
check("local a return a + 1", "attempt to perform arithmetic on local 'a' (a nil value)")
check("local a return 1 + a", "attempt to perform arithmetic on local 'a' (a nil value)")
check("local a, b = 1 return a * b", "attempt to perform arithmetic on local 'b' (a nil value)")
check("local a, b = {}, {} return a / b", "attempt to perform arithmetic on local 'a' (a table value)")
check("local a, b = 1, {} return a ^ b", "attempt to perform arithmetic on local 'b' (a table value)")
check("local a = {} return -a", "attempt to perform arithmetic on local 'a' (a table value)")
check("return undefined % 2", "attempt to perform arithmetic on global 'undefined' (a nil value)")
check("local t = {} return t.x - 1", "attempt to perform arithmetic on field 'x' (a nil value)")
check("local t = {} t.n = t.n + 1", "attempt to perform arithmetic on field 'n' (a nil value)")
check("local t = {} return 2 ^ t[1]", "attempt to perform arithmetic on a nil value")
check("return 'x' + 1", "attempt to perform arithmetic on a string value")
check("local s = 'x' return s + 1", "attempt to perform arithmetic on local 's' (a string value)")
check("local s = 'x' return 1 + s", "attempt to perform arithmetic on local 's' (a string value)")
check("local s, t = 'x', '2' return t * s", "attempt to perform arithmetic on local 's' (a string value)")
check("local s, t = 'x', {} return s * t", "attempt to perform arithmetic on local 's' (a string value)")
check("local s, t = '1', {} return s * t", "attempt to perform arithmetic on local 't' (a table value)")
check("local function f() end return f() + 1", "attempt to perform arithmetic on a nil value")
check("local a local function f() return a + 1 end f()", "attempt to perform arithmetic on upvalue 'a' (a nil value)")

-- Concatenation.
check("local a return a .. 'x'", "attempt to concatenate local 'a' (a nil value)")
check("local a return 'x' .. a", "attempt to concatenate local 'a' (a nil value)")
check("local a = {} return 'x' .. 'y' .. a .. 'z'", "attempt to concatenate local 'a' (a table value)")
check("local a, b = {}, {} return a .. b", "attempt to concatenate local 'a' (a table value)")
check("local a, b = 1, {} return a .. b", "attempt to concatenate local 'b' (a table value)")
check("return 'x' .. undefined", "attempt to concatenate global 'undefined' (a nil value)")
check("local t = {} return t.x .. 'y'", "attempt to concatenate field 'x' (a nil value)")
check("local function f() end return 'x' .. f()", "attempt to concatenate a nil value")
check("local a local function f() return 'x' .. a end f()", "attempt to concatenate upvalue 'a' (a nil value)")

-- Length.
check("local a return #a", "attempt to get length of local 'a' (a nil value)")
check("return #undefined", "attempt to get length of global 'undefined' (a nil value)")
check("local t = {} return #t.x", "attempt to get length of field 'x' (a nil value)")
check("local a = 5 local function f() return #a end f()", "attempt to get length of upvalue 'a' (a number value)")

-- Comparison names types only.
check("local a return a < 1", "attempt to compare nil with number")
check("local a return a > 1", "attempt to compare number with nil")
check("local a, b = {}, {} return a <= b", "attempt to compare two table values")
check("return 'x' < 1", "attempt to compare string with number")

-- Storing.
check("local t, k = {} t[k] = 1", "table index is nil")
check("local t = {} t[0/0] = 1", "table index is NaN")
