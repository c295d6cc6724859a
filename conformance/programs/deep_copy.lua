--- Stresses what plugin code does all day: deep copies, merging of option tables, comparison of trees, `type` checks,
--- filtering and mapping of lists by functions.

local function deep_copy(value, seen)
  if type(value) ~= "table" then
    return value
  end
  seen = seen or {}
  if seen[value] then
    return seen[value]
  end
  local copy = {}
  seen[value] = copy
  for k, v in pairs(value) do
    copy[deep_copy(k, seen)] = deep_copy(v, seen)
  end
  return setmetatable(copy, getmetatable(value))
end

local function deep_equal(a, b)
  if a == b then
    return true
  elseif type(a) ~= "table" or type(b) ~= "table" then
    return false
  end
  for k, v in pairs(a) do
    if not deep_equal(v, b[k]) then
      return false
    end
  end
  for k in pairs(b) do
    if a[k] == nil then
      return false
    end
  end
  return true
end

local function extend(...)
  local out = {}
  for i = 1, select("#", ...) do
    for k, v in pairs((select(i, ...))) do
      if type(v) == "table" and type(out[k]) == "table" then
        out[k] = extend(out[k], v)
      else
        out[k] = v
      end
    end
  end
  return out
end

local function map(list, f)
  local out = {}
  for i, v in ipairs(list) do
    out[i] = f(v)
  end
  return out
end

local function filter(list, f)
  local out = {}
  for _, v in ipairs(list) do
    if f(v) then
      out[#out + 1] = v
    end
  end
  return out
end

local defaults = {
  window = { border = "single", width = 80, height = 20, style = { title = true, footer = false } },
  keys = { open = "o", close = "q", nested = { up = "k", down = "j" } },
  sources = { { name = "buffer", weight = 1 }, { name = "path", weight = 2 }, { name = "lsp", weight = 10 } },
  enabled = true,
}

local total = 0
for i = 1, 18000 do
  local user = { window = { width = i, style = { footer = i % 2 == 0 } }, keys = { open = "<CR>" }, extra = { i, i + 1 } }
  local options = extend(defaults, user)
  total = total + options.window.width + #options.keys.open + #options.window.border
  local copy = deep_copy(options)
  if not deep_equal(copy, options) then
    error("copy differs")
  end
  copy.window.style.footer = "changed"
  if deep_equal(copy, options) then
    error("copy is shared")
  end
  local heavy = filter(options.sources, function(s)
    return s.weight > i % 3
  end)
  total = total + #heavy
  for _, name in ipairs(map(heavy, function(s)
    return s.name
  end)) do
    total = total + #name
  end
end
print("checksum " .. total)
