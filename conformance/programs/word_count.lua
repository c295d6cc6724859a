--- Stresses counting words: `gmatch`, `lower`, a table of counts, and a sort of the result by count and name.

local syllables = { "ka", "ro", "mi", "tel", "sun", "dor", "va", "nix", "pe", "lum" }
local seed = 2024
local function random(n)
  seed = seed * 16807 % 2147483647
  return seed % n + 1
end

local words = {}
for i = 1, 30000 do
  local word = syllables[random(10)] .. syllables[random(10)]
  if random(3) == 1 then
    word = word .. syllables[random(10)]
  end
  if random(8) == 1 then
    word = word:sub(1, 1):upper() .. word:sub(2)
  end
  words[i] = word .. (random(12) == 1 and "." or "")
end
local text = table.concat(words, " ")

local total = 0
for _ = 1, 80 do
  local counts, order = {}, {}
  for word in text:gmatch("%a+") do
    word = word:lower()
    local seen = counts[word]
    if seen then
      counts[word] = seen + 1
    else
      counts[word] = 1
      order[#order + 1] = word
    end
  end
  table.sort(order, function(a, b)
    local ca, cb = counts[a], counts[b]
    return ca > cb or (ca == cb and a < b)
  end)
  for rank = 1, 50 do
    local word = order[rank]
    total = (total * 31 + counts[word] * rank + word:byte(-1)) % 1000000007
  end
  total = total + #order
end
print("checksum " .. total)
