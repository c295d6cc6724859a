--- Entries that main deletes are gone in the thread, also if their keys have been collected by then.
local scenario = ...

local t, count = {}, 0
local thread = scenario.start(function()
  for i = 1, 5 do
    t[{ i }] = i
    t[function() return i end] = i
  end
  t.kept = true
  scenario.pause()
  for _ in pairs(t) do
    count = count + 1
  end
  return t.kept
end)
thread:step()
for key in pairs(t) do
  if key ~= "kept" then
    t[key] = nil
  end
end
scenario.collect()
thread:sync()
scenario.collect()
local ok, kept = thread:join()
assert(ok and kept == true, kept)
assert(count == 1, count)
