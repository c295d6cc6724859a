--- Limits of the compiler: what is refused for its size, with the message, and what just fits.

local function many(n, f, separator)
  local out = {}
  for i = 1, n do
    out[i] = f(i)
  end
  return table.concat(out, separator or "\n")
end
local function gives(source, expected)
  local f = assert(load(source, "=case"))
  local result = f()
  assert(result == expected, tostring(result))
end
local function refused(source, message)
  local f, err = load(source, "=case")
  assert(not f and err == message, tostring(err))
end
local function one()
  return "1"
end

-- Constants of one function.
local function fields(n)
  return "local t = {}\n" .. many(n, function(i)
    return "t.k" .. i .. " = " .. i .. ".5"
  end) .. "\nreturn t.k" .. n
end
gives(fields(60000), 60000.5)
refused(fields(70000), "case:70002: main function has more than 65536 constants")
gives("local t = {" .. many(100000, function(i)
  return "'s" .. i .. "'"
end, ",") .. "}\nreturn t[100000]", "s100000")

-- Registers.
gives("return (select('#', " .. many(240, one, ",") .. "))", 240)
refused("return (select('#', " .. many(255, one, ",") .. "))", "case:1: function or expression too complex near '1'")
local function ones(n)
  return "local a = 'x' return #(" .. many(n, function()
    return "a"
  end, "..") .. ")"
end
gives(ones(190), 190)
refused(ones(250), "case:1: chunk has too many syntax levels")

-- Locals and parameters.
local function locals(n)
  return many(n, function(i)
    return "local l" .. i .. " = " .. i
  end)
end
gives(locals(200) .. " return l200", 200)
refused(locals(201), "case:201: main function has more than 200 local variables")
local function parameters(n)
  return "local function f(" .. many(n, function(i)
    return "p" .. i
  end, ",") .. ") return p" .. n .. " end return f"
end
assert(load(parameters(200))()() == nil)
refused(parameters(255), "case:1: function at line 1 has more than 200 local variables")

-- Nesting.
local function nested(left, middle, right, n)
  return "return " .. left:rep(n) .. middle .. right:rep(n)
end
gives(nested("(", "1", ")", 150), 1)
refused(nested("(", "1", ")", 250), "case:1: chunk has too many syntax levels")
assert(type(load(nested("{", "", "}", 150))()) == "table")
refused(nested("{", "", "}", 250), "case:1: chunk has too many syntax levels")
gives(nested("not ", "1", "", 150), true)
refused(nested("- ", "1", "", 250), "case:1: chunk has too many syntax levels")
gives(nested("1^", "1", "", 190), 1)
refused(nested("1^", "1", "", 250), "case:1: chunk has too many syntax levels")
assert(load(nested("function() return ", "1", " end", 60)))
refused(nested("function() return ", "1", " end", 250), "case:1: chunk has too many syntax levels")

-- Jumps.
gives("local x = ... while x do " .. many(10000, function()
  return "x = 1"
end) .. " end return 1", 1)
refused("local x = ... while x do " .. many(40000, function()
  return "x = 1"
end) .. " end return 1", "case:40000: control structure too long near 'end'")
gives("local x = 2999 if x == 0 then " .. many(3000, function(i)
  return "elseif x == " .. i .. " then x = " .. i .. " * 2"
end) .. " end return x", 5998)

-- Long but flat.
gives("local a = 1 return " .. many(30000, function()
  return "a"
end, "+"), 30000)
gives("local t = {} t.a = t return t" .. (".a"):rep(10000) .. " == t", true)
gives("local function f() local function g() return g end return g end return f()" .. ("()"):rep(5000) .. " ~= nil", true)
gives("local t = {}\n" .. many(5000, function(i)
  return "t[" .. i .. "] = function() return " .. i .. " end"
end) .. "\nreturn t[5000]()", 5000)
gives("return #'" .. ("x"):rep(1000000) .. "'", 1000000)
