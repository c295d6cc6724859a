--- Stresses the compiler: many small chunks and some large ones through `loadstring`, each run once.

local compile = loadstring or load
local total = 0

for i = 1, 48000 do
  local f = compile("local a, b = " .. i .. ", 2 return function(x) if x > a then return x - a else return a * b + x end end")
  total = total + f()(i % 7)
end

-- A large module of many functions.
local parts = { "local M = {}" }
for i = 1, 300 do
  parts[#parts + 1] = ([[
function M.f%d(a, b, ...)
  local t = { a, b, name = "f%d", [%d] = true, nested = { x = a + %d, y = b } }
  for i, v in ipairs({ ... }) do
    if v == %d and (t.nested.x >= 0 or not t.name) then
      t[#t + 1] = v * 2 + i %% 3 - #t.name
    elseif v ~= nil then
      t.nested.y = t.nested.y .. "|" .. tostring(v)
    else
      break
    end
  end
  local function inner(k)
    return t[k] or a
  end
  return inner(1) + inner(2), t
end]]):format(i, i, i, i, i)
end
parts[#parts + 1] = "return M"
local source = table.concat(parts, "\n")

for round = 1, 80 do
  local M = compile(source)()
  for i = 1, 300, 30 do
    local sum, t = M["f" .. i](i, round, i, 5)
    total = total + sum + #t.nested.y
  end
end
print("checksum " .. total)
