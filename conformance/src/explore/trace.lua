--- Writes values down so that equal states make equal texts, whichever VM holds them: objects are numbered
--- in the order in which they are met. Uses nothing that LuaJIT, our VM and piccolo do not have in common.
--- Returns `trace(list, count)`, and `pack`.

local function pack(...)
  return { n = select("#", ...), ... }
end

--- Keys of an object that have an order of their own, sorted; and how many others there are.
local function keys_of(object)
  local keys, others, count = {}, 0, 0
  local key = next(object)
  while key ~= nil do
    local kind = type(key)
    if kind == "number" or kind == "string" then
      local place = count + 1
      while place > 1 do
        local other = keys[place - 1]
        local before
        if type(other) == kind then
          before = other < key
        else
          before = type(other) == "number"
        end
        if before then
          break
        end
        keys[place] = other
        place = place - 1
      end
      keys[place] = key
      count = count + 1
    else
      others = others + 1
    end
    key = next(object, key)
  end
  return keys, count, others
end

local function trace(list, count)
  local numbers, met = {}, 0
  local show

  local function show_table(object)
    local keys, length, others = keys_of(object)
    local text = "table " .. met .. " {"
    for i = 1, length do
      local key = keys[i]
      local value = object
      value = rawget(object, key)
      text = text .. " " .. show(key) .. "=" .. show(value)
    end
    if others > 0 then
      text = text .. " (others: " .. others .. ")"
    end
    text = text .. " }"
    local metatable = getmetatable(object)
    if metatable then
      text = text .. " with " .. show(metatable)
    end
    return text
  end

  show = function(value)
    local kind = type(value)
    if kind == "number" then
      return (value + 0) .. ""
    elseif kind == "userdata" or kind == "string" and string.sub(value, 1, 8) == "program:" then
      -- An error of the VM itself. Its words differ, and piccolo has an object for it.
      return "problem"
    elseif kind == "string" then
      return '"' .. value .. '"'
    elseif kind == "boolean" then
      return value and "true" or "false"
    elseif kind == "nil" then
      return "nil"
    elseif kind ~= "table" and kind ~= "function" then
      return kind
    elseif numbers[value] then
      return kind .. " " .. numbers[value]
    end
    met = met + 1
    numbers[value] = met
    if kind == "function" then
      return "function " .. met
    end
    return show_table(value)
  end

  local text = ""
  for i = 1, count do
    local entry = list[i]
    local line = entry.label
    for j = 1, entry.n do
      line = line .. " " .. show(entry[j])
    end
    text = text .. line .. "\n"
  end
  return text
end

return { trace = trace, pack = pack }
