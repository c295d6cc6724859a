--- Arithmetic operators on numbers: results, precedence and associativity.

assert(1 + 2 == 3 and 1 - 2 == -1 and 2 * 3 == 6 and 7 / 2 == 3.5 and 2 ^ 10 == 1024)
assert(10 / 2 == 5 and tostring(10 / 2) == "5")

-- Precedence, from low to high: or, and, comparison, .., + -, * / %, not # -, ^.
assert(2 + 3 * 4 == 14 and (2 + 3) * 4 == 20)
assert(2 * 3 % 4 == 2 and 7 - 3 - 2 == 2 and 16 / 4 / 2 == 2)
assert(2 ^ 3 ^ 2 == 512, "^ is right associative")
assert(-2 ^ 2 == -4, "^ binds tighter than unary minus")
assert(2 ^ -1 == 0.5 and 2 ^ -2 ^ 2 == 2 ^ -16 / 2 ^ -12)
assert(not 1 == 2 == false, "not binds tighter than ==")
assert((not nil == true) == true)
assert("a" .. 1 + 2 == "a3" and 1 .. 2 == "12")
assert(#"abc" + 1 == 4 and -#"abc" == -3)
assert(1 + 1 == 2 and 1 < 2 == true)
assert((1 or error()) and (nil and error()) == nil)
assert(- - 2 == 2 and -(-2) == 2 and not not nil == false)

-- The modulo has the sign of the divisor.
assert(5 % 3 == 2 and -5 % 3 == 1 and 5 % -3 == -1 and -5 % -3 == -2)
assert(5.5 % 2 == 1.5 and -5.5 % 2 == 0.5 and 5.5 % -2 == -0.5)
assert(6 % 3 == 0 and -6 % 3 == 0 and 6 % -3 == 0)
assert(2 ^ 53 % 2 == 0 and (2 ^ 53 - 1) % 2 == 1)
assert(1e15 % 7 == 1e15 - math.floor(1e15 / 7) * 7)
local function modulo(a, b)
  return a % b
end
for a = -7, 7 do
  for b = -3, 3 do
    if b ~= 0 then
      local m = modulo(a, b)
      assert(m == a - math.floor(a / b) * b)
      assert(m == 0 or (m < 0) == (b < 0))
    end
  end
end

-- Division by zero and powers.
local zero = 0
assert(1 / zero == math.huge and -1 / zero == -math.huge and zero / zero ~= zero / zero)
assert(1 % zero ~= 1 % zero)
assert(0 ^ 0 == 1 and 2 ^ 0.5 == math.sqrt(2) and (-8) ^ 2 == 64)
assert((-8) ^ (1 / 3) ~= (-8) ^ (1 / 3))
assert((-2) ^ 3 == -8 and 10 ^ 2 == 100 and 2 ^ -1074 > 0 and 2 ^ 1024 == math.huge)

-- Unary minus on every kind of operand.
local n = 5
assert(-n == -5 and - -n == 5 and -(n + 1) == -6 and -"3" == -3 and -(-n) == 5)

-- Numbers are doubles.
assert(2 ^ 53 + 1 == 2 ^ 53 and 0.1 + 0.2 ~= 0.3)
assert(1e308 * 10 == math.huge and 5e-324 / 2 == 0)
assert(4294967296 * 4294967296 == 2 ^ 64)
assert(2147483647 + 1 == 2147483648 and -2147483648 - 1 == -2147483649)
assert(65536 * 65536 == 4294967296 and 46341 * 46341 == 2147488281)

-- Constants on either side of each operator.
local x = 7
assert(x + 1 == 8 and 1 + x == 8 and x - 1 == 6 and 1 - x == -6)
assert(x * 2 == 14 and 2 * x == 14 and x / 2 == 3.5 and 14 / x == 2)
assert(x % 4 == 3 and 9 % x == 2 and x ^ 2 == 49 and 2 ^ x == 128)
assert(x + 0.5 == 7.5 and 0.5 - x == -6.5 and x * 1e10 == 7e10)

-- Operands are evaluated from left to right.
local order = {}
local function note(v)
  order[#order + 1] = v
  return v
end
local _ = note(1) + note(2) * note(3) - note(4) ^ note(5)
assert(table.concat(order) == "12345")

-- A local is read when its operator runs, also when a later operand changes it.
local changing = 1
local function change()
  changing = 10
  return 100
end
assert(changing + change() == 110)
