--- Stresses byte-level string work: LZ77 with a hash of three-byte strings, then decompression and comparison.

local byte, sub, char = string.byte, string.sub, string.char

local function compress(text)
  local out, n = {}, 0
  local last = {}
  local at, size = 1, #text
  local literal_from = 1
  local function flush(upto)
    while literal_from <= upto do
      local count = math.min(upto - literal_from + 1, 127)
      n = n + 1
      out[n] = char(count) .. sub(text, literal_from, literal_from + count - 1)
      literal_from = literal_from + count
    end
  end
  while at + 2 <= size do
    local key = sub(text, at, at + 2)
    local earlier = last[key]
    last[key] = at
    if earlier and at - earlier < 65536 then
      local length = 3
      while length < 127 and at + length <= size and byte(text, earlier + length) == byte(text, at + length) do
        length = length + 1
      end
      flush(at - 1)
      local distance = at - earlier
      n = n + 1
      out[n] = char(128 + length, math.floor(distance / 256), distance % 256)
      for i = at + 1, math.min(at + length - 1, size - 2) do
        last[sub(text, i, i + 2)] = i
      end
      at = at + length
      literal_from = at
    else
      at = at + 1
    end
  end
  flush(size)
  return table.concat(out)
end

local function decompress(data)
  local out, n = {}, 0
  local at, size = 1, #data
  while at <= size do
    local head = byte(data, at)
    if head < 128 then
      for i = at + 1, at + head do
        n = n + 1
        out[n] = sub(data, i, i)
      end
      at = at + head + 1
    else
      local high, low = byte(data, at + 1, at + 2)
      local from = n - (high * 256 + low)
      for i = 1, head - 128 do
        out[n + i] = out[from + i]
      end
      n = n + head - 128
      at = at + 3
    end
  end
  return table.concat(out)
end

local words = { "alpha", "beta", "gamma", "delta", "local", "function", "return", "end", "then", "number" }
local seed = 99
local parts = {}
for i = 1, 12000 do
  seed = seed * 16807 % 2147483647
  parts[i] = words[seed % #words + 1] .. (seed % 13 == 0 and seed % 1000 or "")
end
local text = table.concat(parts, " ")

local total = 0
for _ = 1, 36 do
  local packed = compress(text)
  if decompress(packed) ~= text then
    error("round trip failed")
  end
  total = total + #packed
end
print("checksum " .. total .. " " .. #text)
