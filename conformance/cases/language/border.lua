--- The length of a table with holes: of its borders, the one that LuaJIT finds by halving the array part.

local t = { 1, 2, 3, 4 }
assert(#t == 4)
t[4] = nil
assert(#t == 3)
t[2] = nil
assert(#t == 1)
t[2] = 2
assert(#t == 3)

t = {}
for i = 1, 16 do
  t[i] = i
end
t[16] = nil
assert(#t == 15)
t[8] = nil
assert(#t == 7)
t[0] = 0
assert(#t == 7)
t[8] = 8
t[0] = nil
assert(#t == 15)

-- Compiled code may find others.
if jit then
  jit.off()
end

-- Written and deleted at random, inserted, removed and sorted: the lengths on the way.
local seed = 7
local function random(n)
  seed = seed * 16807 % 2147483647
  return seed % n + 1
end

local sum = 0
for round = 1, 300 do
  local list = { 1, nil, 3 }
  if round % 3 == 0 then
    list = { unpack({}, 1, round % 20) }
  end
  for step = 1, 60 do
    local choice = random(8)
    if choice <= 3 then
      list[#list + 1] = step
    elseif choice == 4 then
      list[random(40)] = step
    elseif choice == 5 then
      list[random(40)] = nil
    elseif choice == 6 then
      list[#list] = nil
    elseif choice == 7 then
      table.insert(list, step)
    else
      table.remove(list)
    end
    sum = (sum * 31 + #list) % 1000000007
  end
end
assert(sum == 136593732, sum)

-- Weak values that are collected leave holes.
local weak = setmetatable({}, { __mode = "v" })
local kept = {}
for i = 1, 32 do
  weak[i] = {}
  if i % 16 ~= 0 then
    kept[i] = weak[i]
  end
end
collectgarbage()
assert(#weak == 15, #weak)
