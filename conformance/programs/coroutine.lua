--- Stresses coroutines: a generator resumed for each value, a pipeline of three, many short-lived ones, and a tree walk
--- by recursive generators.
-- core: true

local create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield

local function generator(n)
  return create(function()
    for i = 1, n do
      yield(i)
    end
    return nil
  end)
end

local total = 0

local numbers = generator(3000000)
while true do
  local _, value = resume(numbers)
  if not value then
    break
  end
  total = total + value
end

-- Producer, filter and consumer.
local function filter(source)
  return create(function()
    while true do
      local _, value = resume(source)
      if not value then
        return nil
      end
      if value % 3 == 0 then
        yield(value * 2)
      end
    end
  end)
end
local pipe = filter(filter(generator(1500000)))
while true do
  local _, value = resume(pipe)
  if not value then
    break
  end
  total = total + value
end

-- Created, resumed twice, dropped.
for i = 1, 150000 do
  local co = create(function(a)
    local b = yield(a + 1)
    return a * b
  end)
  local _, first = resume(co, i)
  local _, second = resume(co, 2)
  total = total + first + second
end

-- In-order walk of a tree, one coroutine per level.
local function tree(lo, hi)
  if lo > hi then
    return nil
  end
  local mid = math.floor((lo + hi) / 2)
  return { left = tree(lo, mid - 1), value = mid, right = tree(mid + 1, hi) }
end
local function walk(node)
  if node then
    walk(node.left)
    yield(node.value)
    walk(node.right)
  end
end
for round = 1, 40 do
  local root = tree(1, 4000)
  local co = create(function()
    walk(root)
    return nil
  end)
  local expected = 1
  while true do
    local _, value = resume(co)
    if not value then
      break
    end
    if value ~= expected then
      error("out of order")
    end
    expected = expected + 1
  end
  total = total + expected * round
end

print("checksum " .. total)
