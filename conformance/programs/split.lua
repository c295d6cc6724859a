--- Stresses splitting and joining: CSV-like lines cut by plain `find`, by `gmatch` and by bytes, trimmed and rejoined.

local function split_plain(s, separator)
  local parts, n, at = {}, 0, 1
  while true do
    local from, to = s:find(separator, at, true)
    n = n + 1
    if not from then
      parts[n] = s:sub(at)
      return parts
    end
    parts[n] = s:sub(at, from - 1)
    at = to + 1
  end
end

local function split_gmatch(s)
  local parts, n = {}, 0
  for part in (s .. ","):gmatch("([^,]*),") do
    n = n + 1
    parts[n] = part
  end
  return parts
end

local function split_bytes(s, separator)
  local parts, n, from = {}, 0, 1
  for i = 1, #s do
    if s:byte(i) == separator then
      n = n + 1
      parts[n] = s:sub(from, i - 1)
      from = i + 1
    end
  end
  parts[n + 1] = s:sub(from)
  return parts
end

local function trim(s)
  return (s:gsub("^%s+", ""):gsub("%s+$", ""))
end

local total = 0
for i = 1, 48000 do
  local line = i .. ", name" .. i % 100 .. " ,," .. i * 3 .. ",  padded  ," .. "x,y,z"
  local a = split_plain(line, ",")
  local b = split_gmatch(line)
  local c = split_bytes(line, 44)
  if #a ~= 8 or #b ~= 8 or #c ~= 8 then
    error("wrong number of parts")
  end
  for k = 1, 8 do
    a[k] = trim(a[k])
    total = total + #a[k] + #b[k] + #c[k]
  end
  local joined = table.concat(a, ";")
  total = total + #joined + (tonumber(a[4]) or 0)
  if split_plain(joined, ";")[5] ~= "padded" then
    error("wrong part")
  end
end
print("checksum " .. total)
