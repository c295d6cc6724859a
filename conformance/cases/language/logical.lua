--- `and`, `or` and `not`: values, short circuit, and use in conditions and assignments.

assert((nil and 1) == nil and (false and 1) == false and (1 and 2) == 2 and (0 and "x") == "x")
assert((nil or 1) == 1 and (false or nil) == nil and (nil or false) == false and (1 or 2) == 1)
assert(not nil == true and not false == true and not 0 == false and not "" == false and not {} == false)
assert((1 and nil or 3) == 3 and (nil and 1 or 3) == 3 and (1 and 2 or 3) == 2)
assert((1 or error("evaluated")) == 1 and (nil and error("evaluated")) == nil)

local calls = 0
local function yes(v)
  calls = calls + 1
  return v
end
assert((yes(false) or yes(nil) or yes(3) or yes(4)) == 3 and calls == 3)
calls = 0
assert((yes(1) and yes(2) and yes(nil) and yes(4)) == nil and calls == 3)
calls = 0
assert(((yes(nil) and yes(1)) or (yes(2) and yes(5))) == 5 and calls == 3)

-- Only one value of a call survives.
local function two()
  return 1, 2
end
local a, b = true and two()
assert(a == 1 and b == nil)
a, b = false or two()
assert(a == 1 and b == nil)
a, b = (two())
assert(a == 1 and b == nil)

-- In conditions.
local function decide(x, y, z)
  if x and (y or z) then
    return "both"
  elseif not x and not y then
    return "neither"
  elseif not (x or not z) then
    return "z"
  end
  return "else"
end
assert(decide(1, 1, nil) == "both" and decide(1, nil, 1) == "both" and decide(nil, nil, 1) == "neither")
assert(decide(nil, 1, 1) == "z" and decide(1, nil, nil) == "else" and decide(nil, 1, nil) == "else")

-- All eight inputs of some expressions against a table of truth.
local function bit(v)
  return v and 1 or 0
end
local seen = {}
for i = 0, 7 do
  local p, q, r = i % 2 == 1, math.floor(i / 2) % 2 == 1, i >= 4
  seen[#seen + 1] = bit(p and q or r)
  seen[#seen + 1] = bit(p or q and r)
  seen[#seen + 1] = bit(not (p and not q) or not r)
  seen[#seen + 1] = bit(p == q and q ~= r or p)
end
assert(table.concat(seen) == "00100111001011111011110111101111", table.concat(seen))

-- Mixed with comparisons and constants.
local x = 5
local s = x > 3 and "big" or "small"
assert(s == "big" and (x < 3 and "small" or x == 5 and "five" or "other") == "five")
local t = { x == 5, x ~= 5, x and nil, x or 1, not x }
assert(t[1] == true and t[2] == false and t[3] == nil and t[4] == 5 and t[5] == false)
local default = nil
default = default or {}
assert(type(default) == "table")
assert((x == 5) == true and (x == 5 and x ~= 6) == true and (not (x == 5)) == false)
while not (x <= 0) and true do
  x = x - 1
end
assert(x == 0)
