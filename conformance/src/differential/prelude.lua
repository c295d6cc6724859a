do
  local type, next, select, print, error = type, next, select, print, error
  local tostring = tostring
  local byte, format, gsub, sub = string.byte, string.format, string.gsub, string.sub
  local concat, sort = table.concat, table.sort
  local rawget = rawget
  local function escape(c)
    return format("\\%d", byte(c))
  end
  -- A value as text that is the same in every process.
  function text(v, depth)
    local t = type(v)
    if t == "number" then
      return v ~= v and "nan" or format("%.17g", v)
    elseif t == "string" then
      return '"' .. gsub(v, "[^ -~]", escape) .. '"'
    elseif t ~= "table" then
      return v == nil and "nil" or v == true and "true" or v == false and "false" or t
    end
    depth = depth or 0
    if depth > 2 then
      return "{..}"
    end
    local items, n = {}, 0
    for key, item in next, v do
      n = n + 1
      items[n] = text(key, depth + 1) .. "=" .. text(item, depth + 1)
    end
    sort(items)
    return "{" .. concat(items, ",") .. "}"
  end
  function show(...)
    local items = {}
    for i = 1, select("#", ...) do
      items[i] = text((select(i, ...)))
    end
    print(concat(items, " "))
  end
  -- Says when an expression is evaluated.
  function at(place, ...)
    print("at " .. place)
    return ...
  end
  -- What `tostring` gives where that is no address.
  function str(v)
    local t = type(v)
    return (t == "number" or t == "boolean") and tostring(v) or t == "string" and v or t
  end
  -- A table's items without its hash part, which would be encoded in the order of its hashing, nor tables, in
  -- which an error would leave a part of the encoding.
  function list(v)
    if type(v) ~= "table" then
      return v
    end
    local items = {}
    for i = 1, #v do
      local item = rawget(v, i)
      items[i] = type(item) ~= "table" and item or i
    end
    return items
  end
  -- Keeps strings from growing without end, and programs from running without end.
  function cut(v)
    return type(v) == "string" and #v > 100 and sub(v, 1, 100) or v
  end
  local steps = 0
  function step()
    steps = steps + 1
    if steps > 2000 then
      error("too many steps", 0)
    end
  end
  -- The keys of a table in an order that does not depend on its hashing.
  function keys(t)
    local list, n = {}, 0
    for key in next, t do
      n = n + 1
      list[n] = key
    end
    sort(list, function(a, b)
      return text(a) < text(b)
    end)
    return list
  end
end
