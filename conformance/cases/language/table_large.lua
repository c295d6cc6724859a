--- Large tables: many entries of both parts, growth while in use, removal, and traversal of all.

local n = 100000
local array = {}
for i = 1, n do
  array[i] = i * 2
end
assert(#array == n and array[1] == 2 and array[n] == 2 * n)
local sum = 0
for _, v in ipairs(array) do
  sum = sum + v
end
assert(sum == n * (n + 1))

local hash = {}
for i = 1, n do
  hash["key" .. i] = i
end
local count, total = 0, 0
for _, v in pairs(hash) do
  count, total = count + 1, total + v
end
assert(count == n and total == n * (n + 1) / 2)
for i = 1, n, 2 do
  hash["key" .. i] = nil
end
count = 0
for k, v in pairs(hash) do
  count = count + 1
  assert(hash[k] == v and v % 2 == 0)
end
assert(count == n / 2)
for i = 1, n do
  hash["other" .. i] = true
end
count = 0
for _ in pairs(hash) do
  count = count + 1
end
assert(count == n / 2 + n)

-- Sparse integers, negative ones, and ones beyond 32 bits.
local sparse = {}
for i = 0, 60 do
  sparse[2 ^ i] = i
  sparse[-2 ^ i] = -i
end
for i = 0, 60 do
  assert(sparse[2 ^ i] == i and sparse[-2 ^ i] == -i)
end
sparse[2147483647], sparse[2147483648], sparse[4294967296] = "a", "b", "c"
assert(sparse[2147483647] == "a" and sparse[2 ^ 31] == "b" and sparse[2 ^ 32] == "c")
assert(rawget(sparse, 2 ^ 53) == 53)

-- A huge index does not make a huge table.
local one = {}
one[1e9] = 1
one[1e15] = 2
assert(one[1e9] == 1 and one[1e15] == 2 and #one == 0)

-- Strings of many lengths as keys.
local strings = {}
for len = 0, 300 do
  strings[("s"):rep(len)] = len
end
for len = 0, 300 do
  assert(strings[("s"):rep(len)] == len)
end

-- A table of a hundred thousand tables, dropped piece by piece.
local nested = {}
for i = 1, n do
  nested[i] = { i, tostring(i) }
end
for i = 1, n, 3 do
  nested[i] = false
end
collectgarbage()
local kept = 0
for i = 1, n do
  if nested[i] then
    assert(nested[i][1] == i and nested[i][2] == tostring(i))
    kept = kept + 1
  end
end
assert(kept == n - math.ceil(n / 3))

-- Moving from hash to array and back.
local moving = {}
for i = 1000, 1, -1 do
  moving[i] = i
end
for i = 1, 1000 do
  assert(moving[i] == i)
end
for i = 1, 999 do
  moving[i] = nil
end
moving.x = 1
assert(moving[1000] == 1000 and moving.x == 1)

-- Concatenating and unpacking long lists.
local parts = {}
for i = 1, 50000 do
  parts[i] = "x"
end
assert(#table.concat(parts) == 50000 and select("#", unpack(parts, 1, 7000)) == 7000)
