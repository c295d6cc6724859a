--- Stresses weak tables: a cache with weak values and a side table with weak keys under constant allocation. What the
--- collector has removed does not change the result.

local cache = setmetatable({}, { __mode = "v" })
local notes = setmetatable({}, { __mode = "k" })

local function lookup(n)
  local object = cache[n]
  if not object then
    object = { n = n, square = n * n }
    cache[n] = object
  end
  return object
end

local total = 0
local kept = {}
local seed = 11
for i = 1, 2500000 do
  seed = seed * 16807 % 2147483647
  local object = lookup(seed % 5000)
  total = (total + object.square) % 1000000007
  if i % 8 == 0 then
    kept[i / 8 % 500 + 1] = object
    notes[object] = object.n
  end
  local note = notes[object]
  if note and note ~= object.n then
    error("note of another object")
  end
end
print("checksum " .. total)
