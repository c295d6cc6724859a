--- Stresses closures: creation in loops, upvalues that are read and written while open and after closing, and
--- functions passed as arguments.
-- core: true

local function counter(start, step)
  local value = start
  local function up()
    value = value + step
    return value
  end
  local function down()
    value = value - step
    return value
  end
  return up, down
end

local function compose(f, g)
  return function(x)
    return f(g(x))
  end
end

local function fold(list, n, f, acc)
  for i = 1, n do
    acc = f(acc, list[i])
  end
  return acc
end

local total = 0

-- Two closures that share one variable.
for round = 1, 360 do
  local up, down = counter(round, 3)
  for _ = 1, 10000 do
    up()
    up()
    down()
  end
  total = total + up()
end

-- A fresh variable for each iteration.
local made = {}
for i = 1, 1200000 do
  made[i % 1000 + 1] = function(x)
    return x + i
  end
end
total = fold(made, 1000, function(acc, f)
  return acc + f(1)
end, total)

-- A chain of composed functions.
local chain = function(x)
  return x
end
for i = 1, 50 do
  local add = i
  chain = compose(function(x)
    return (x + add) % 65521
  end, chain)
end
for i = 1, 120000 do
  total = (total + chain(i)) % 1000000007
end

print("checksum " .. total)
