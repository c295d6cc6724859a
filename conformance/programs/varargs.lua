--- Stresses variable arguments: `...` passed on, `select`, `unpack`, tables built from `...`, and many results.

local unpack = unpack or table.unpack
local select = select
local total = 0

local function sum(...)
  local s = 0
  for i = 1, select("#", ...) do
    s = s + (select(i, ...))
  end
  return s
end

local function pack(...)
  return { n = select("#", ...), ... }
end

local function pass(...)
  return ...
end

local function bind(f, ...)
  local args = pack(...)
  return function(...)
    local all = { unpack(args, 1, args.n) }
    for i = 1, select("#", ...) do
      all[args.n + i] = (select(i, ...))
    end
    return f(unpack(all, 1, args.n + select("#", ...)))
  end
end

local function curry_sum(acc, head, ...)
  if head == nil then
    return acc
  end
  return curry_sum(acc + head, ...)
end

for i = 1, 500000 do
  total = total + sum(i, 1, 2, 3, 4)
  total = total + pack(i, nil, i, nil).n
  total = total + select("#", pass(pass(1, 2), pass(i, i, i)))
  local a, b, c = pass(i, 1)
  total = total + a + b + (c and 1 or 0)
  total = total + curry_sum(0, i, 1, 2, 3)
end

local bound = bind(sum, 1, 2)
for i = 1, 300000 do
  total = total + bound(i, 3)
end

local many = {}
for i = 1, 200 do
  many[i] = i
end
for _ = 1, 30000 do
  total = total + select("#", unpack(many)) + select(-1, unpack(many)) + math.max(unpack(many, 1, 50))
end

print("checksum " .. total)
