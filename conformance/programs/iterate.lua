--- Stresses iteration: `pairs`, `ipairs`, `next` and iterators written in Lua with and without state in closures.

local total = 0

local list = {}
for i = 1, 10000 do
  list[i] = i
end
local map = {}
for i = 1, 10000 do
  map["k" .. i] = i
end
local mixed = { 1, 2, 3, a = 1, b = 2, c = 3 }

for _ = 1, 220 do
  for _, value in ipairs(list) do
    total = total + value
  end
  for _, value in pairs(list) do
    total = total + value
  end
  for _, value in pairs(map) do
    total = total + value
  end
  local key, value = next(map)
  while key do
    total = total + value
    key, value = next(map, key)
  end
end

for _ = 1, 250000 do
  for _, value in pairs(mixed) do
    total = total + value
  end
end

-- A stateless iterator.
local function step(limit, at)
  if at < limit then
    return at + 1
  end
end
for i in step, 900000, 0 do
  total = total + i
end

-- One with state in a closure.
local function window(t, size)
  local at = 0
  return function()
    at = at + 1
    if at + size - 1 <= #t then
      return at, t[at], t[at + size - 1]
    end
  end
end
for _ = 1, 60 do
  for _, first, last in window(list, 5) do
    total = total + last - first
  end
end

print("checksum " .. total)
