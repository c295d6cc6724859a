--- Stresses the hash part with other keys: sparse and negative integers, fractions, booleans and tables.

local total = 0

for round = 1, 80 do
  local sparse = {}
  for i = 1, 20000 do
    sparse[i * 1021 - 5000000] = i
  end
  for i = 1, 20000 do
    total = total + sparse[i * 1021 - 5000000]
    if sparse[i * 1021 + 1] then
      total = total + 1
    end
  end

  local fractions = {}
  for i = 1, 10000 do
    fractions[i + 0.5] = i
  end
  for i = 1, 10000 do
    total = total + fractions[i + 0.5]
  end

  local nodes, index = {}, {}
  for i = 1, 10000 do
    local node = { round }
    nodes[i] = node
    index[node] = i
  end
  for i = 1, 10000 do
    total = total + index[nodes[i]]
  end

  local flags = {}
  for i = 1, 20000 do
    local key = i % 3 == 0
    flags[key] = (flags[key] or 0) + 1
  end
  total = total + flags[true] * 2 + flags[false]
end

-- A table that is filled backwards and then becomes an array.
for _ = 1, 80 do
  local reversed = {}
  for i = 20000, 1, -1 do
    reversed[i] = i
  end
  total = total + #reversed
end

print("checksum " .. total)
