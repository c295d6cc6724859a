--- NaN, the infinities and negative zero: comparison, printing, arithmetic, and as table keys.

local nan = 0 / 0
local inf = math.huge

assert(nan ~= nan and not (nan == nan))
assert(not (nan < nan) and not (nan <= nan) and not (nan > nan) and not (nan >= nan))
assert(not (nan < 1) and not (nan > 1) and not (1 < nan) and not (1 >= nan))
assert(not (nan < inf) and not (nan > -inf))
assert(nan ~= 1 and nan ~= "nan" and nan ~= nil)

-- The negations are the exact complements.
local function classify(a, b)
  local s = ""
  if a < b then s = s .. "<" end
  if not (a < b) then s = s .. "!<" end
  if a <= b then s = s .. "<=" end
  if not (a <= b) then s = s .. "!<=" end
  if a == b then s = s .. "==" end
  if a ~= b then s = s .. "~=" end
  return s
end
for _ = 1, 200 do
  assert(classify(nan, 1) == "!<!<=~=")
  assert(classify(1, nan) == "!<!<=~=")
  assert(classify(nan, nan) == "!<!<=~=")
  assert(classify(1, 2) == "<<=~=")
  assert(classify(2, 2) == "!<<===")
  assert(classify(3, 2) == "!<!<=~=")
end

assert(tostring(inf) == "inf" and tostring(-inf) == "-inf")
assert(tostring(0 / 0) == "nan" and tostring(-(0 / 0)) == "nan", "the sign of NaN is not shown")
assert(inf > 1e308 and -inf < -1e308 and inf == inf and inf + 1 == inf)
assert(inf - inf ~= inf - inf and inf * 0 ~= inf * 0 and inf / inf ~= inf / inf)
assert(1 / inf == 0 and inf ^ 0 == 1 and inf % 2 ~= inf % 2)
local function is_nan(v)
  return v ~= v
end
assert(is_nan(5 % inf) and is_nan(-5 % inf) and is_nan(5 % -inf) and is_nan(0 % inf), "a - floor(a / b) * b")

-- Negative zero.
local minus_zero = 0 * -1
assert(minus_zero == 0 and 1 / minus_zero == -inf and 1 / 0 == inf)
assert(tostring(minus_zero) == "-0" and tostring(0) == "0")
assert(1 / -minus_zero == inf)
assert(math.abs(minus_zero) == 0 and 1 / math.abs(minus_zero) == inf)
assert(1 / (minus_zero + 0) == inf and 1 / (minus_zero - 0) == -inf)
assert(1 / (minus_zero * 1) == -inf and 1 / math.sqrt(minus_zero) == -inf)
assert(1 / math.floor(-0.0) == -inf and 1 / math.ceil(-0.5) == -inf)
local t = {}
t[minus_zero] = "zero"
assert(t[0] == "zero" and next(t) == 0 and 1 / next(t) == inf, "as a key it is zero")

-- The literal is an expression: zero, negated.
assert(1 / -0.0 == -inf)
local z = 0
assert(1 / -z == -inf)

-- NaN is no key, but may be looked up.
assert(t[nan] == nil)
local ok, message = pcall(function()
  t[nan] = 1
end)
assert(not ok and message:find("table index is NaN", 1, true))
assert(not pcall(rawset, t, nan, 1) and rawget(t, nan) == nil)

t[inf], t[-inf] = "plus", "minus"
assert(t[inf] == "plus" and t[-inf] == "minus" and t[1e309] == "plus")

assert(math.max(1, nan) ~= math.max(1, nan) or math.max(1, nan) == 1)
assert(math.min(inf, -inf) == -inf and math.max(inf, -inf) == inf)
assert(math.floor(inf) == inf and math.ceil(-inf) == -inf and math.floor(nan) ~= math.floor(nan))
assert(math.huge == 1e309 and -math.huge == -1e309)
