--- Stresses `table.insert` and `table.remove` at both ends and in the middle, a linked list and a ring buffer.

local insert, remove = table.insert, table.remove
local total = 0

-- A stack.
local stack = {}
for i = 1, 700000 do
  insert(stack, i)
  if i % 3 == 0 then
    total = total + remove(stack)
  end
end
while #stack > 0 do
  total = total + remove(stack)
end

-- A queue by shifting, kept short.
local queue = {}
for i = 1, 100 do
  insert(queue, i)
end
for i = 1, 250000 do
  insert(queue, i)
  total = total + remove(queue, 1)
end

-- A sorted list by insertion.
local seed = 3
for _ = 1, 10 do
  local sorted = {}
  for _ = 1, 800 do
    seed = seed * 16807 % 2147483647
    local value = seed % 10000
    local at = 1
    while sorted[at] and sorted[at] < value do
      at = at + 1
    end
    insert(sorted, at, value)
  end
  total = total + sorted[1] + sorted[400] + sorted[800]
end

-- A doubly linked list.
local head = {}
head.next, head.prev = head, head
for i = 1, 250000 do
  local node = { value = i, next = head, prev = head.prev }
  head.prev.next = node
  head.prev = node
  if i % 2 == 0 then
    local first = head.next
    first.prev.next = first.next
    first.next.prev = first.prev
    total = total + first.value
  end
end

-- A ring buffer.
local ring, size, from, count = {}, 64, 0, 0
for i = 1, 1000000 do
  if count == size then
    total = total + ring[from]
    from = (from + 1) % size
    count = count - 1
  end
  ring[(from + count) % size] = i
  count = count + 1
end

print("checksum " .. total)
