--- Stresses allocation: complete binary trees of two-element tables, built, walked and dropped beside a long-lived one.

local function build(depth)
  if depth == 0 then
    return {}
  end
  return { build(depth - 1), build(depth - 1) }
end

local function count(node)
  if node[1] then
    return 1 + count(node[1]) + count(node[2])
  end
  return 1
end

local deepest = 15
local total = count(build(deepest + 1))
local long_lived = build(deepest)
for depth = 4, deepest, 2 do
  local rounds = 1
  for _ = depth, deepest + 2 do
    rounds = rounds * 2
  end
  rounds = rounds / 2
  local nodes = 0
  for _ = 1, rounds do
    nodes = nodes + count(build(depth))
  end
  total = total + nodes
end
total = total + count(long_lived)
print("checksum " .. total)
