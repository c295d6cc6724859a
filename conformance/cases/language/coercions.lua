--- Implicit conversion: strings in arithmetic, numbers in concatenation, and where neither happens.

assert("10" + 5 == 15 and 5 + "10" == 15 and "2" * "3" == 6 and "7" / "2" == 3.5)
assert("10" - 1 == 9 and "9" % "4" == 1 and "2" ^ "3" == 8 and -"5" == -5)
assert("  12  " + 0 == 12 and "\t3\n" * 2 == 6 and "0x10" + 0 == 16 and "1e2" + 0 == 100)
assert("-3" + 0 == -3 and " -3 " * 1 == -3 and "+3" + 0 == 3 and ".5" + 0 == 0.5 and "5." + 0 == 5)
assert("0x1p4" + 0 == 16 and "inf" + 0 == math.huge and "nan" + 0 ~= "nan" + 0)
assert(type("10" + 0) == "number")

local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:find(message, 1, true), err)
end
refused(function() return "abc" + 1 end, "attempt to perform arithmetic on a string value")
refused(function() return 1 + "" end, "attempt to perform arithmetic on a string value")
refused(function() return "1 2" * 1 end, "attempt to perform arithmetic on a string value")
refused(function() return "1e" * 1 end, "attempt to perform arithmetic on a string value")
refused(function() return -"x" end, "attempt to perform arithmetic on a string value")
refused(function() return "10\0" + 1 end, "attempt to perform arithmetic on a string value")
refused(function() return nil + 1 end, "attempt to perform arithmetic on a nil value")
refused(function() return true + 1 end, "attempt to perform arithmetic on a boolean value")

-- Concatenation takes numbers.
assert(1 .. "" == "1" and "a" .. 1.5 == "a1.5" and 1 .. 2 .. 3 == "123" and -1 .. "x" == "-1x")
refused(function() return "a" .. nil end, "attempt to concatenate a nil value")
refused(function() return "a" .. true end, "attempt to concatenate a boolean value")
refused(function() return {} .. "a" end, "attempt to concatenate a table value")

-- Equality and order never convert.
assert(1 ~= "1" and "1" ~= 1 and 0 ~= "0" and not (1 == "1"))
refused(function() return 1 < "2" end, "attempt to compare number with string")
refused(function() return "1" < 2 end, "attempt to compare string with number")
refused(function() return "10" >= 2 end, "attempt to compare number with string")

-- Library functions convert both ways.
assert(("x"):rep("3") == "xxx" and string.len(123) == 3 and string.sub(12345, 2, 3) == "23")
assert(math.max("10", 9) == 10 and math.floor("3.7") == 3 and tostring(12):reverse() == "21")
assert(string.rep(1, 3) == "111" and ("%d"):format("42") == "42" and table.concat({ 1, 2 }, 3) == "132")
assert(string.char("65") == "A" and ("5"):byte("1") == 53)

-- Keys are not converted.
local t = {}
t["1"], t[1] = "s", "n"
assert(t["1"] == "s" and t[1] == "n")

-- Truth: only nil and false are false.
local function truth(v)
  return v and true or false
end
assert(truth(0) and truth("") and truth("false") and truth(0 / 0) and truth({}))
assert(not truth(nil) and not truth(false))
