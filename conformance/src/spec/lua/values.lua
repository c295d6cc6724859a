--- Compares and shows values for assertions: deep equality with cycles, and text that is the same in every run.
local M = {}

--- Whether something is a matcher, such as `match.is_string()`.
---@param value any
---@return boolean
function M.is_matcher(value)
  return type(value) == "table" and rawget(value, "_matches") ~= nil
end

local function same(a, b, seen)
  if M.is_matcher(a) then
    return a._matches(b)
  end
  if rawequal(a, b) then
    return true
  end
  if type(a) ~= "table" or type(b) ~= "table" then
    -- Numbers, and boxed values with a metamethod of their own; NaN is the same as NaN here.
    return a == b or (a ~= a and b ~= b)
  end
  local metatable = getmetatable(a)
  if type(metatable) == "table" and metatable == getmetatable(b) and rawget(metatable, "__eq") then
    return a == b
  end
  -- Pairs that are being compared further out count as equal: cycles end.
  local partners = seen[a]
  if not partners then
    partners = {}
    seen[a] = partners
  elseif partners[b] then
    return true
  end
  partners[b] = true
  for key, value in next, a do
    local other = rawget(b, key)
    if other == nil and type(key) == "table" then
      for candidate, its_value in next, b do
        if type(candidate) == "table" and same(key, candidate, seen) then
          other = its_value
          break
        end
      end
    end
    if other == nil or not same(value, other, seen) then
      return false
    end
  end
  for key in next, b do
    if rawget(a, key) == nil and type(key) ~= "table" then
      return false
    end
  end
  local count = 0
  for _ in next, a do
    count = count + 1
  end
  for _ in next, b do
    count = count - 1
  end
  return count == 0
end

--- Whether two values are equal, tables by what they hold; matchers in the first match what they match.
---@param a any
---@param b any
---@return boolean
function M.same(a, b)
  return same(a, b, {})
end

--- Copies tables deeply, with cycles and metatables: what a value was when a function was called.
---@param value any
---@return any
function M.copy(value, seen)
  if type(value) ~= "table" then
    return value
  end
  seen = seen or {}
  if seen[value] then
    return seen[value]
  end
  local result = {}
  seen[value] = result
  for key, item in next, value do
    rawset(result, M.copy(key, seen), M.copy(item, seen))
  end
  debug.setmetatable(result, debug.getmetatable(value))
  return result
end

local order = { boolean = 1, number = 2, string = 3 }

--- Keys in an order that does not depend on where they lie in memory.
local function sorted_keys(object)
  local keys = {}
  for key in next, object do
    keys[#keys + 1] = key
  end
  -- Tables and functions as keys keep the order that `next` has for them.
  local places = {}
  for place, key in ipairs(keys) do
    places[key] = place
  end
  table.sort(keys, function(a, b)
    local x, y = order[type(a)] or 4, order[type(b)] or 4
    if x ~= y then
      return x < y
    elseif x == 2 or x == 3 then
      return a < b
    elseif x == 1 then
      return not a and b
    end
    return places[a] < places[b]
  end)
  return keys
end

local escapes = { ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r", ['"'] = '\\"', ["\\"] = "\\\\" }

local function quote(text)
  return '"'
    .. text:gsub('[%c"\\]', function(char)
      return escapes[char] or ("\\%d"):format(char:byte())
    end)
    .. '"'
end

local function show_function(value)
  local info = debug.getinfo(value, "S")
  if info.what == "C" then
    return "<function>"
  end
  return ("<function %s:%d>"):format(info.short_src, info.linedefined)
end

--- How deep tables are shown, and how many entries of one.
local MAX_DEPTH, MAX_ENTRIES = 12, 400

local function show(value, indent, path)
  local kind = type(value)
  if kind == "string" then
    return quote(value)
  elseif kind == "function" then
    return show_function(value)
  elseif kind == "number" then
    return (("%.17g"):format(value) == ("%.14g"):format(value)) and ("%.14g"):format(value) or ("%.17g"):format(value)
  elseif M.is_matcher(value) then
    return value._text
  elseif kind ~= "table" then
    return (kind == "nil" or kind == "boolean") and tostring(value) or "<" .. kind .. ">"
  elseif path[value] then
    return "<cycle>"
  elseif next(value) == nil then
    return "{}"
  elseif #path >= MAX_DEPTH then
    return "{…}"
  end
  path[value] = true
  path[#path + 1] = value
  local inner = indent .. "  "
  local lines = { "{" }
  local list = 0
  while rawget(value, list + 1) ~= nil do
    list = list + 1
  end
  for count, key in ipairs(sorted_keys(value)) do
    if count > MAX_ENTRIES then
      lines[#lines + 1] = inner .. "…"
      break
    end
    local item = show(rawget(value, key), inner, path)
    if type(key) == "string" and key:match("^[%a_][%w_]*$") then
      item = key .. " = " .. item
    elseif not (type(key) == "number" and key >= 1 and key <= list and key % 1 == 0) then
      item = "[" .. show(key, inner, path) .. "] = " .. item
    end
    lines[#lines + 1] = inner .. item .. ","
  end
  path[value] = nil
  path[#path] = nil
  lines[#lines + 1] = indent .. "}"
  return table.concat(lines, "\n")
end

--- Returns a value as text, tables on many lines.
---@param value any
---@return string
function M.show(value)
  return show(value, "", {})
end

--- Returns values as one line of text, separated by commas.
---@param values table with `n`
---@return string
function M.show_list(values)
  local texts = {}
  for index = 1, values.n do
    texts[index] = M.show(values[index]):gsub("\n%s*", " ")
  end
  return table.concat(texts, ", ")
end

--- Returns the values of `...` with their number in `n`.
function M.pack(...)
  return { n = select("#", ...), ... }
end

return M
