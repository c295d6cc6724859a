--- A weak table of main whose key is main's stays usable when the thread has collected its half of the key.
local scenario = ...

local keys, tables, n = {}, {}, 0
for i = 1, 5 do
  keys[i] = {}
  tables[i] = setmetatable({ [keys[i]] = i }, { __mode = "k" })
end
local thread = scenario.start(function()
  for _ = 1, 3 do
    for _, weak in ipairs(tables) do
      weak.count = (weak.count or 0) + 1
    end
    scenario.collect()
    scenario.pause()
  end
  scenario.on_main(function()
    for i, key in ipairs(keys) do
      n = n + (tables[i][key] == i and 1 or 0)
    end
  end)
  return tables[5].count
end)
thread:step()
tables[5][keys[5]] = nil
keys[5] = nil
scenario.collect()
thread:step()
tables[4][keys[4]] = nil
thread:step()
local ok, count = thread:join()
assert(ok and count == 3, count)
assert(n == 3, n)
assert(tables[1][keys[1]] == 1 and tables[4][keys[4]] == nil and tables[1].count == 3)
