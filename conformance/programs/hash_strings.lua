--- Stresses the hash part with string keys: insertion, hits, misses, updates, removal and reinsertion.

local keys = {}
for i = 1, 20000 do
  keys[i] = "identifier_" .. i
end

local total = 0
for round = 1, 48 do
  local map = {}
  for i = 1, #keys do
    map[keys[i]] = i
  end
  for pass = 1, 6 do
    for i = 1, #keys do
      local key = keys[i]
      map[key] = map[key] + pass
    end
  end
  local missing = 0
  for i = 1, #keys do
    if not map["other_" .. i % 50] then
      missing = missing + 1
    end
  end
  for i = 1, #keys, 2 do
    map[keys[i]] = nil
  end
  for i = 1, #keys, 4 do
    map[keys[i]] = round
  end
  local present = 0
  for i = 1, #keys do
    local value = map[keys[i]]
    if value then
      present = present + value
    end
  end
  total = total + present + missing
end
print("checksum " .. total)
