--- Stresses a binary heap in an array and adjacency lists: shortest paths on a random graph and on a grid.

local floor = math.floor

local function push(heap, cost, node)
  local n = #heap + 1
  local item = { cost = cost, node = node }
  while n > 1 do
    local parent = floor(n / 2)
    local above = heap[parent]
    if above.cost <= cost then
      break
    end
    heap[n] = above
    n = parent
  end
  heap[n] = item
end

local function pop(heap)
  local top = heap[1]
  local n = #heap
  local item = heap[n]
  heap[n] = nil
  n = n - 1
  if n > 0 then
    local at = 1
    while true do
      local child = at * 2
      if child > n then
        break
      end
      if child < n and heap[child + 1].cost < heap[child].cost then
        child = child + 1
      end
      if heap[child].cost >= item.cost then
        break
      end
      heap[at] = heap[child]
      at = child
    end
    heap[at] = item
  end
  return top
end

local function shortest(graph, start)
  local distance, heap = { [start] = 0 }, {}
  push(heap, 0, start)
  while #heap > 0 do
    local top = pop(heap)
    local node, cost = top.node, top.cost
    if cost == distance[node] then
      local edges = graph[node]
      for i = 1, #edges do
        local edge = edges[i]
        local through = cost + edge.weight
        local known = distance[edge.to]
        if not known or through < known then
          distance[edge.to] = through
          push(heap, through, edge.to)
        end
      end
    end
  end
  return distance
end

local seed = 5
local function random(n)
  seed = seed * 16807 % 2147483647
  return seed % n + 1
end

local total = 0

local nodes = 10000
local graph = {}
for i = 1, nodes do
  graph[i] = { { to = i % nodes + 1, weight = 50 } }
  for _ = 1, 4 do
    local edges = graph[i]
    edges[#edges + 1] = { to = random(nodes), weight = random(100) }
  end
end
for start = 1, 7 do
  local distance = shortest(graph, start)
  for i = 1, nodes do
    total = total + distance[i]
  end
end

local side = 80
local grid = {}
local function name(x, y)
  return x .. ":" .. y
end
for y = 1, side do
  for x = 1, side do
    local edges = {}
    if x > 1 then
      edges[#edges + 1] = { to = name(x - 1, y), weight = random(9) }
    end
    if x < side then
      edges[#edges + 1] = { to = name(x + 1, y), weight = random(9) }
    end
    if y > 1 then
      edges[#edges + 1] = { to = name(x, y - 1), weight = random(9) }
    end
    if y < side then
      edges[#edges + 1] = { to = name(x, y + 1), weight = random(9) }
    end
    grid[name(x, y)] = edges
  end
end
for _ = 1, 5 do
  local distance = shortest(grid, "1:1")
  total = total + distance[name(side, side)]
  for i = 1, side do
    total = total + distance[name(i, side - i + 1)]
  end
end

print("checksum " .. total)
