--- Stresses protected calls: `pcall` that succeeds, `error` with strings and tables caught at several depths, `xpcall`
--- with a handler, errors raised by operations.

local total = 0

local function fine(a, b)
  return a + b
end

local function deep(n)
  if n == 0 then
    error({ code = 7 })
  end
  deep(n - 1)
  return n
end

local function rethrow(i)
  local ok, err = pcall(deep, 3)
  if not ok then
    err.code = err.code + i % 2
    error(err, 0)
  end
end

local function handler(message)
  return "handled: " .. tostring(message)
end

for i = 1, 600000 do
  local _, value = pcall(fine, i, 1)
  total = total + value
end

for i = 1, 120000 do
  local _, err = pcall(rethrow, i)
  total = total + err.code
end

for i = 1, 120000 do
  local ok, message = pcall(error, "message " .. i % 10, 0)
  total = total + #message + (ok and 1 or 0)
  ok, message = pcall(function()
    error("with position")
  end)
  total = total + #message:match("with position") + (ok and 1 or 0)
end

for _ = 1, 120000 do
  local ok, message = xpcall(function()
    local t = nil
    return t.field
  end, handler)
  total = total + #message:match("^handled") + (ok and 1 or 0)
  ok, message = pcall(function(a)
    return a + {}
  end, 1)
  total = total + (message:find("arithmetic", 1, true) and 1 or 0) + (ok and 1 or 0)
end

print("checksum " .. total)
