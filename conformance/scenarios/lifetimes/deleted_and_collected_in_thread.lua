--- Entries that the thread deletes are gone on main, also if their keys have been collected by then.
local scenario = ...

-- Of several objects that are keys of one table nobody knows the order.
local list = {}
for i = 1, 5 do
  list[2 * i - 1] = { [{ i }] = i, kept = true }
  list[2 * i] = { [function() return i end] = i, kept = true }
end
scenario.run(function()
  for _, t in ipairs(list) do
    for key in pairs(t) do
      if key ~= "kept" then
        t[key] = nil
      end
    end
  end
  scenario.collect()
  list.more = 1
  scenario.collect()
end)
for i = 1, 10 do
  assert(next(list[i]) == "kept" and next(list[i], "kept") == nil, i)
end
assert(#list == 10 and list.more == 1)
