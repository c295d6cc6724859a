--- `math`: every function on ordinary and special values.

local inf, nan = math.huge, 0 / 0
local function is_nan(v)
  return v ~= v
end
local function near(a, b)
  return math.abs(a - b) <= 1e-14 * math.max(math.abs(a), math.abs(b), 1)
end

assert(math.pi == 3.141592653589793 and math.huge == 1 / 0)

assert(math.abs(-5) == 5 and math.abs(5.5) == 5.5 and math.abs(-inf) == inf and is_nan(math.abs(nan)) and math.abs("-3") == 3)
assert(math.floor(3.7) == 3 and math.floor(-3.7) == -4 and math.floor(5) == 5 and math.floor(1e300) == 1e300 and math.floor(-0.5) == -1)
assert(math.ceil(3.2) == 4 and math.ceil(-3.2) == -3 and math.ceil(5) == 5 and math.ceil(1e300) == 1e300)
assert(math.floor(2 ^ 31 + 0.5) == 2 ^ 31 and math.floor(-2 ^ 31 - 0.5) == -2 ^ 31 - 1 and math.ceil(2 ^ 51 + 0.5) == 2 ^ 51 + 1)
assert(math.floor(2 ^ 53) == 2 ^ 53 and math.floor(0.9999999999999999) == 0 and math.ceil(1e-300) == 1)
assert(math.sqrt(16) == 4 and math.sqrt(2) == 2 ^ 0.5 and is_nan(math.sqrt(-1)) and math.sqrt(inf) == inf)
assert(math.max(1) == 1 and math.max(1, 3, 2) == 3 and math.max(-1, -2) == -1 and math.min(3, 1, 2) == 1 and math.min(inf, 1) == 1)
assert(math.max("10", 9) == 10 and math.min(1, "0.5") == 0.5 and math.max(-inf, inf) == inf)
assert(math.fmod(7, 3) == 1 and math.fmod(-7, 3) == -1 and math.fmod(7, -3) == 1 and math.fmod(5.5, 2) == 1.5 and is_nan(math.fmod(1, 0)))
assert(math.fmod(5, inf) == 5 and is_nan(math.fmod(inf, 5)) and math.fmod(-6, 2) == 0)
assert(select("#", math.modf(3.7)) == 2)
local i, f = math.modf(3.75)
assert(i == 3 and f == 0.75)
i, f = math.modf(-3.75)
assert(i == -3 and f == -0.75)
i, f = math.modf(inf)
assert(i == inf and f == 0)
i, f = math.modf(5)
assert(i == 5 and f == 0)
i, f = math.modf(nan)
assert(is_nan(i) and is_nan(f))
local m, e = math.frexp(8)
assert(m == 0.5 and e == 4)
m, e = math.frexp(0)
assert(m == 0 and e == 0)
m, e = math.frexp(-0.1)
assert(m == -0.8 and e == -3)
assert(math.ldexp(0.5, 4) == 8 and math.ldexp(1, -1074) == 2 ^ -1074 and math.ldexp(1, 2000) == inf and math.ldexp(3, 0) == 3)
assert(math.exp(0) == 1 and near(math.exp(1), 2.718281828459045) and math.exp(-inf) == 0 and math.exp(1000) == inf)
assert(math.log(1) == 0 and near(math.log(10), 2.302585092994046) and math.log(0) == -inf and is_nan(math.log(-1)))
assert(math.log(8, 2) == 3 and near(math.log(1000, 10), 3) and math.log(1024, 2) == 10 and near(math.log(27, 3), 3) and math.log10(1000) == 3)
assert(math.pow(2, 10) == 1024 and math.pow(4, 0.5) == 2 and math.pow(0, 0) == 1 and math.pow(2, -1) == 0.5 and is_nan(math.pow(-8, 1 / 3)))
assert(math.sin(0) == 0 and near(math.sin(math.pi / 2), 1) and near(math.cos(math.pi), -1) and near(math.tan(math.pi / 4), 1) and is_nan(math.sin(inf)))
assert(near(math.asin(1), math.pi / 2) and near(math.acos(0), math.pi / 2) and near(math.atan(1), math.pi / 4) and is_nan(math.asin(2)) and math.acos(1) == 0)
assert(near(math.atan2(1, 1), math.pi / 4) and near(math.atan2(-1, -1), -3 * math.pi / 4) and near(math.atan2(0, -1), math.pi) and math.atan2(0, 1) == 0)
assert(math.sinh(0) == 0 and math.cosh(0) == 1 and math.tanh(0) == 0 and near(math.sinh(1), 1.1752011936438014) and near(math.cosh(1), 1.5430806348152437) and near(math.tanh(1), 0.7615941559557649))
assert(near(math.deg(math.pi), 180) and near(math.rad(180), math.pi) and math.deg(0) == 0)

-- In loops, as often as a compiled trace needs.
local s = 0
for k = 1, 300 do
  s = s + math.floor(k / 3) + math.ceil(k / 3) + math.abs(-k) + math.max(k, 150) + math.min(k, 150) + math.sqrt(k * k) + math.fmod(k, 7)
end
assert(s == 14950 + 15150 + 45150 + 56325 + 33825 + 45150 + 903, s)

-- Not in this dialect.
assert(math.mod == nil and math.tointeger == nil and math.type == nil and math.ult == nil and math.maxinteger == nil)

-- No scale makes a number of these.
local nan = math.ldexp(math.huge, -math.huge)
assert(nan ~= nan)
nan = math.ldexp(-math.huge, -math.huge)
assert(nan ~= nan)
