--- Stresses text formats: a JSON encoder and decoder on nested data, by byte inspection, `find`, `gsub` and `concat`.

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t" }
local unescapes = { ['"'] = '"', ["\\"] = "\\", n = "\n", t = "\t", ["/"] = "/" }

local function encode(value, out)
  local kind = type(value)
  if kind == "table" then
    if value[1] ~= nil or next(value) == nil then
      out[#out + 1] = "["
      for i = 1, #value do
        if i > 1 then
          out[#out + 1] = ","
        end
        encode(value[i], out)
      end
      out[#out + 1] = "]"
    else
      local names = {}
      for name in pairs(value) do
        names[#names + 1] = name
      end
      table.sort(names)
      out[#out + 1] = "{"
      for i = 1, #names do
        if i > 1 then
          out[#out + 1] = ","
        end
        encode(names[i], out)
        out[#out + 1] = ":"
        encode(value[names[i]], out)
      end
      out[#out + 1] = "}"
    end
  elseif kind == "string" then
    out[#out + 1] = '"' .. value:gsub('["\\\n\t]', escapes) .. '"'
  else
    out[#out + 1] = tostring(value)
  end
end

local decode_value

local function skip(s, i)
  return s:find("[^ \t\r\n]", i) or #s + 1
end

local function decode_string(s, i)
  local start = i + 1
  local stop = s:find('["\\]', start)
  if s:byte(stop) == 34 then
    return s:sub(start, stop - 1), stop + 1
  end
  local parts = {}
  while true do
    parts[#parts + 1] = s:sub(start, stop - 1)
    if s:byte(stop) == 34 then
      return table.concat(parts), stop + 1
    end
    parts[#parts + 1] = unescapes[s:sub(stop + 1, stop + 1)]
    start = stop + 2
    stop = s:find('["\\]', start)
  end
end

local function decode_array(s, i)
  local list, n = {}, 0
  i = skip(s, i + 1)
  if s:byte(i) == 93 then
    return list, i + 1
  end
  while true do
    n = n + 1
    list[n], i = decode_value(s, i)
    i = skip(s, i)
    local b = s:byte(i)
    i = i + 1
    if b == 93 then
      return list, i
    elseif b ~= 44 then
      error("expected , or ] at " .. i)
    end
  end
end

local function decode_object(s, i)
  local map = {}
  i = skip(s, i + 1)
  if s:byte(i) == 125 then
    return map, i + 1
  end
  while true do
    local key
    key, i = decode_string(s, skip(s, i))
    i = skip(s, i)
    if s:byte(i) ~= 58 then
      error("expected : at " .. i)
    end
    map[key], i = decode_value(s, i + 1)
    i = skip(s, i)
    local b = s:byte(i)
    i = i + 1
    if b == 125 then
      return map, i
    elseif b ~= 44 then
      error("expected , or } at " .. i)
    end
  end
end

function decode_value(s, i)
  i = skip(s, i)
  local b = s:byte(i)
  if b == 123 then
    return decode_object(s, i)
  elseif b == 91 then
    return decode_array(s, i)
  elseif b == 34 then
    return decode_string(s, i)
  elseif s:sub(i, i + 3) == "true" then
    return true, i + 4
  elseif s:sub(i, i + 4) == "false" then
    return false, i + 5
  end
  local from, to = s:find("^-?%d+%.?%d*[eE]?[+-]?%d*", i)
  return tonumber(s:sub(from, to)), to + 1
end

local records = {}
for i = 1, 150 do
  records[i] = {
    id = i,
    name = "record " .. i,
    path = "C:\\temp\\file" .. i .. ".txt",
    text = 'a "quoted"\tline\nand another',
    tags = { "red", "green", "blue", tostring(i) },
    position = { x = i * 0.5, y = -i, visible = i % 2 == 0 },
    empty = {},
  }
end

local total = 0
local text
for _ = 1, 90 do
  local out = {}
  encode(records, out)
  text = table.concat(out)
  records = decode_value(text, 1)
  total = total + #text
  for i = 1, #records do
    local r = records[i]
    total = total + r.id + #r.tags + #r.text + r.position.x + (r.position.visible and 1 or 0)
  end
end
print("checksum " .. total)
