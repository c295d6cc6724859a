--- Stresses string building: `..` of short and long operands, chained concatenation, numbers in strings,
--- `table.concat`, `rep`, `sub`, `reverse`, `upper`.
-- core: true

local total = 0

-- Many short results, each interned.
for i = 1, 600000 do
  local s = "key" .. i
  total = total + #s
end

-- Several operands in one expression.
for i = 1, 250000 do
  local s = "(" .. i .. ", " .. (i + 1) .. ", " .. (i + 2) .. ")"
  total = total + #s
end

-- A string that grows: the cost is copying.
for _ = 1, 12 do
  local s = ""
  for i = 1, 3000 do
    s = s .. "line " .. i .. "\n"
  end
  total = total + #s
end

-- Collected in a table.
for _ = 1, 20 do
  local parts = {}
  for i = 1, 20000 do
    parts[#parts + 1] = "item"
    parts[#parts + 1] = i
  end
  local s = table.concat(parts, ",")
  total = total + #s
end

-- Slices.
local text = ("The quick brown fox jumps over the lazy dog. "):rep(40)
for i = 1, 300000 do
  local from = i % 1500 + 1
  total = total + #text:sub(from, from + i % 17)
end
for i = 1, 8000 do
  total = total + #(text:upper():reverse():lower():sub(i % 100 + 1))
end

print("checksum " .. total)
