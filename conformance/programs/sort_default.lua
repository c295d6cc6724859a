--- Stresses `table.sort` without a comparison function: random, sorted, reversed and constant numbers, and strings; and
--- a sort written in Lua.

local seed = 7
local function random(n)
  seed = seed * 16807 % 2147483647
  return seed % n + 1
end

local total = 0
local function check(list)
  for i = 2, #list do
    if list[i] < list[i - 1] then
      error("not sorted")
    end
  end
  total = (total * 31 + #list) % 1000000007
end

for _ = 1, 7 do
  local list = {}
  for i = 1, 50000 do
    list[i] = random(1000000)
  end
  table.sort(list)
  total = (total + list[1] + list[25000] + list[50000]) % 1000000007
  check(list)
  table.sort(list)
  check(list)
  for i = 1, 50000 do
    list[i] = 50000 - i
  end
  table.sort(list)
  check(list)
  for i = 1, 50000 do
    list[i] = 1
  end
  table.sort(list)
  check(list)
end

local words = {}
for i = 1, 30000 do
  words[i] = "word" .. random(1000000)
end
table.sort(words)
check(words)
total = (total + words[15000]:byte(-1)) % 1000000007

local function merge_sort(list, spare, lo, hi)
  if hi - lo < 8 then
    for i = lo + 1, hi do
      local v, j = list[i], i - 1
      while j >= lo and list[j] > v do
        list[j + 1] = list[j]
        j = j - 1
      end
      list[j + 1] = v
    end
    return
  end
  local mid = math.floor((lo + hi) / 2)
  merge_sort(list, spare, lo, mid)
  merge_sort(list, spare, mid + 1, hi)
  for i = lo, hi do
    spare[i] = list[i]
  end
  local a, b = lo, mid + 1
  for i = lo, hi do
    if a <= mid and (b > hi or spare[a] <= spare[b]) then
      list[i] = spare[a]
      a = a + 1
    else
      list[i] = spare[b]
      b = b + 1
    end
  end
end

local list = {}
for i = 1, 100000 do
  list[i] = random(1000000)
end
merge_sort(list, {}, 1, #list)
check(list)

print("checksum " .. total)
