--- Every operator of the thread's userdata works in a callback.
local scenario = ...

scenario.run(function()
  local mt_of = newproxy(true)
  local mt = getmetatable(mt_of)
  local values = {}
  local function new(n)
    local u = newproxy(mt_of)
    values[u] = n
    return u
  end
  local function value(x) return values[x] or x end
  mt.__add = function(a, b) return value(a) + value(b) end
  mt.__sub = function(a, b) return value(a) - value(b) end
  mt.__mul = function(a, b) return value(a) * value(b) end
  mt.__div = function(a, b) return value(a) / value(b) end
  mt.__mod = function(a, b) return value(a) % value(b) end
  mt.__pow = function(a, b) return value(a) ^ value(b) end
  mt.__unm = function(a) return -value(a) end
  mt.__concat = function(a, b) return value(a) .. "|" .. value(b) end
  mt.__len = function(a) return value(a) * 10 end
  mt.__eq = function(a, b) return value(a) % 10 == value(b) % 10 end
  mt.__lt = function(a, b) return value(a) < value(b) end
  mt.__le = function(a, b) return value(a) <= value(b) end
  mt.__call = function(self, ...) return value(self), select("#", ...), ... end
  mt.__tostring = function(a) return "number " .. value(a) end
  mt.__index = function(a, k) return k .. value(a) end
  mt.__newindex = function(a, k, v) values[a] = v end
  local a, b, c = new(7), new(3), new(13)
  scenario.on_main(function()
    assert(a + b == 10 and a + 1 == 8 and 1 + a == 8)
    assert(a - b == 4 and a * b == 21 and a / 2 == 3.5 and a % b == 1 and b ^ 2 == 9)
    assert(-a == -7 and a .. b == "7|3" and a .. "x" == "7|x" and "x" .. a == "x|7" and 1 .. b == "1|3")
    assert(#a == 70)
    assert(b == c and a ~= b and not (a == c))
    assert(b < a and not (a < b) and b <= a and a > b and a >= b)
    local v, n, x, y, z = a(nil, "two", nil)
    assert(v == 7 and n == 3 and x == nil and y == "two" and z == nil)
    assert(tostring(a) == "number 7")
    assert(a.key == "key7" and a[1] == "17")
    a.anything = 20
    assert(tostring(a) == "number 20")
    assert(not pcall(function() return a < 1 end))
    assert(rawequal(a, a) and not rawequal(b, c))
  end)
  assert(values[a] == 20)
end)
