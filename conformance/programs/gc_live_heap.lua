--- Stresses the collector: half a million live objects of several kinds, then churn beside them and replacement of parts
--- of them.

local live = {}
for i = 1, 100000 do
  live[i] = {
    id = i,
    name = "object" .. i,
    links = { i, i + 1 },
    get = function()
      return i
    end,
  }
end

local total = 0
local seed = 1
for i = 1, 500000 do
  local garbage = { i, i + 1, tostring(i % 100) }
  total = total + #garbage
  if i % 10 == 0 then
    seed = seed * 16807 % 2147483647
    local at = seed % 100000 + 1
    local old = live[at]
    live[at] = { id = old.id, name = old.name, links = { old.id, i }, get = old.get }
  end
end

for i = 1, 100000 do
  local object = live[i]
  total = total + object.id + #object.name + object.links[1] + object.get()
end
print("checksum " .. total)
