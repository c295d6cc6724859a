--- Returns two functions: one prints the values of an expression, the other reads a line of standard input.
--- They keep what they need, whatever becomes of the globals.

local ENTRIES = 20
local BYTES = 60

local getmetatable, next, select, tostring, type = debug.getmetatable, next, select, tostring, type
local concat, find, format, gsub, sub = table.concat, string.find, string.format, string.gsub, string.sub
local floor, rawget, output = math.floor, rawget, io.stdout
local input, read, write = io.stdin, output.read, output.write

local function quote(text)
  local rest = #text > BYTES and "…" or ""
  text = gsub(format("%q", sub(text, 1, BYTES)), "\\\n", "\\n")
  return text .. rest
end

--- A value inside a table: on one line, tables not opened.
local function inner(value)
  if type(value) == "string" then
    return quote(value)
  elseif type(value) == "table" and not getmetatable(value) then
    return next(value) == nil and "{}" or "{…}"
  end
  return tostring(value)
end

local function key(value)
  if type(value) == "string" and find(value, "^[%a_][%w_]*$") and #value <= BYTES then
    return value
  end
  return "[" .. inner(value) .. "]"
end

local function one_level(value)
  local parts, count = {}, 0
  local function add(part)
    count = count + 1
    parts[count] = count <= ENTRIES and part or "…"
    return count <= ENTRIES
  end
  local length = 0
  while rawget(value, length + 1) ~= nil do
    length = length + 1
    if not add(inner(rawget(value, length))) then
      break
    end
  end
  if count <= ENTRIES then
    for k, v in next, value do
      local is_listed = type(k) == "number" and k >= 1 and k <= length and floor(k) == k
      if not is_listed and not add(key(k) .. " = " .. inner(v)) then
        break
      end
    end
  end
  return count == 0 and "{}" or "{ " .. concat(parts, ", ") .. " }"
end

local function show(...)
  local shown = {}
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    if type(value) == "table" and not getmetatable(value) then
      shown[i] = one_level(value)
    else
      shown[i] = tostring(value)
    end
  end
  write(output, concat(shown, "\t"), "\n")
end

return show, function()
  return read(input, "*L")
end
