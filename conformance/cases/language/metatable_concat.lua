--- `__concat`: chains from the right, mixed operands, results, errors.

local mt = {}
mt.__concat = function(a, b)
  local function show(v)
    return type(v) == "table" and v.s or tostring(v)
  end
  return setmetatable({ s = "[" .. show(a) .. show(b) .. "]" }, mt)
end
local function obj(s)
  return setmetatable({ s = s }, mt)
end
local a, b, c = obj("a"), obj("b"), obj("c")
assert((a .. b).s == "[ab]" and (a .. "x").s == "[ax]" and ("x" .. a).s == "[xa]" and (a .. 1).s == "[a1]" and (1 .. a).s == "[1a]")

-- Right associative: the last two operands first, then what is left of them.
assert((a .. b .. c).s == "[a[bc]]")
assert((a .. "x" .. "y").s == "[axy]")
assert(("x" .. "y" .. a).s == "[x[ya]]")
assert(("x" .. a .. "y" .. "z").s == "[x[ayz]]")
assert((1 .. 2 .. a .. 3 .. 4).s == "[1[2[a34]]]")
assert(((a .. b) .. c).s == "[[ab]c]")
assert((a .. ("x" .. "y")).s == "[axy]")

-- The result may be anything, also a plain string that is joined on.
local plain = setmetatable({}, { __concat = function(l, r)
  return type(l) == "table" and "L" or type(r) == "table" and "R"
end })
assert(plain .. "x" == "L" and "x" .. plain == "R" and "a" .. plain .. "b" == "aL" and plain .. plain == "L")
local number = setmetatable({}, { __concat = function()
  return 5
end })
assert(number .. 1 == 5 and "n" .. number .. 1 == "n5")
local none = setmetatable({}, { __concat = function() end })
assert(none .. 1 == nil and select("#", none .. 1) == 1)

-- nil and booleans may be the other operand.
local any = setmetatable({}, { __concat = function(l, r)
  return tostring(l):sub(1, 4) .. "|" .. tostring(r):sub(1, 4)
end })
assert(any .. nil == "tabl|nil" and true .. any == "true|tabl")

-- Left before right when both have it.
local left = setmetatable({}, { __concat = function()
  return "left"
end })
local right = setmetatable({}, { __concat = function()
  return "right"
end })
assert(left .. right == "left" and right .. left == "right")

-- On userdata.
local u = newproxy(true)
getmetatable(u).__concat = function(l, r)
  return (rawequal(l, u) and "u" or l) .. (rawequal(r, u) and "u" or r)
end
assert(u .. "x" == "ux" and "x" .. u == "xu" and u .. u == "uu")

-- In a loop.
local acc = obj("")
for i = 1, 3 do
  acc = acc .. i
end
assert(acc.s == "[[[1]2]3]")

-- table.concat does not ask.
assert(not pcall(table.concat, { a, b }))

-- Without a metamethod.
local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
local t, n = {}, nil
refused(function() return t .. "x" end, "attempt to concatenate upvalue 't' (a table value)")
refused(function() return "x" .. t end, "attempt to concatenate upvalue 't' (a table value)")
refused(function() return "x" .. n .. "y" end, "attempt to concatenate upvalue 'n' (a nil value)")
refused(function() local l = true; return 1 .. l end, "attempt to concatenate local 'l' (a boolean value)")
refused(function() return "a" .. t.field end, "attempt to concatenate field 'field' (a nil value)")
refused(function() return "a" .. undefined_global end, "attempt to concatenate global 'undefined_global' (a nil value)")

-- Errors pass through.
local bad = setmetatable({}, { __concat = function()
  error("no", 0)
end })
local ok, err = pcall(function()
  return "a" .. bad .. "b"
end)
assert(not ok and err == "no")
