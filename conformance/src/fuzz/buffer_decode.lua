-- Decodes bytes as LuaJIT's serialization; what comes out must survive the way back.
local bytes = ...
local buffer = require("string.buffer")

local function walk(value, depth)
  if type(value) == "table" and depth < 200 then
    local count = 0
    for key, item in pairs(value) do
      assert(key == key and item ~= nil)
      walk(key, depth + 1)
      walk(item, depth + 1)
      count = count + 1
    end
    return count
  end
end

local function try(decode, encode)
  local ok, value = pcall(decode, bytes)
  if not ok then
    assert(type(value) == "string")
    return
  end
  local count = walk(value, 0)
  local encodes, again = pcall(encode, value)
  if encodes then
    local copy = decode(again)
    assert(type(copy) == type(value) and walk(copy, 0) == count)
  end
end

try(buffer.decode, buffer.encode)
local with = buffer.new({
  dict = { "a", "bc", "" },
  metatable = { { __index = string }, {} },
})
try(function(text)
  return with:reset():put(text):decode()
end, function(value)
  return with:reset():encode(value):get()
end)
