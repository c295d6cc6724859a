--- Stresses recursion of other shapes: Takeuchi's function, Ackermann's, mutual tail calls, Hanoi with tables, deep stacks.

local function tak(x, y, z)
  if y >= x then
    return z
  end
  return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y))
end

local function ackermann(m, n)
  if m == 0 then
    return n + 1
  elseif n == 0 then
    return ackermann(m - 1, 1)
  end
  return ackermann(m - 1, ackermann(m, n - 1))
end

local is_odd
local function is_even(n)
  if n == 0 then
    return 1
  end
  return is_odd(n - 1)
end
function is_odd(n)
  if n == 0 then
    return 0
  end
  return is_even(n - 1)
end

local function hanoi(n, from, to, via, pegs)
  if n == 0 then
    return 0
  end
  local moves = hanoi(n - 1, from, via, to, pegs)
  local source, target = pegs[from], pegs[to]
  target[#target + 1] = source[#source]
  source[#source] = nil
  return moves + 1 + hanoi(n - 1, via, to, from, pegs)
end

local function depth(n)
  if n == 0 then
    return 0
  end
  return 1 + depth(n - 1)
end

local total = tak(18, 12, 6) * 1000 + ackermann(2, 300) + ackermann(3, 9)
for i = 1, 120 do
  total = total + is_even(30000 + i)
end
local pegs = { {}, {}, {} }
for i = 18, 1, -1 do
  local first = pegs[1]
  first[#first + 1] = i
end
total = total + hanoi(18, 1, 3, 2, pegs) + #pegs[3]
for _ = 1, 500 do
  total = total + depth(10000)
end
print("checksum " .. total)
