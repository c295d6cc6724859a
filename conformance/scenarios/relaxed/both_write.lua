--- Relaxed: a variable that both sides write holds what one of them has written, the same on both sides.
local scenario = ...

local thread = scenario.start_relaxed(function()
  local value, entries = "thread 0", { shared = "thread 0" }
  local count = 0
  scenario.callback("write", function()
    count = count + 1
    value = "main " .. count
    entries.shared = { value }
    entries["main " .. count] = true
  end)
  scenario.callback("read", function()
    local shared = entries.shared
    return value, type(shared) == "table" and shared[1] or shared
  end)
  scenario.pause()
  local wrong = 0
  for i = 1, 10000 do
    value = "thread " .. i
    entries.shared = value
    entries["thread " .. i % 10] = i
    if not value:match("^%a+ %d+$") then wrong = wrong + 1 end
    if i % 500 == 0 then scenario.breathe() end
  end
  scenario.settle()
  scenario.pause()
  local shared = entries.shared
  return wrong, value, type(shared) == "table" and shared[1] or shared, entries
end)
thread:step()
for _ = 1, 20 do scenario.post("write") end
thread:step()
local value, shared = scenario.fire("read")
local ok, wrong, seen, seen_shared, entries = thread:join()
assert(ok and wrong == 0)
assert(value == seen and shared == seen_shared)
assert(value:match("^thread %d+$") or value:match("^main %d+$"))
assert(shared:match("^thread %d+$") or shared:match("^main %d+$"))
for i = 1, 20 do assert(entries["main " .. i] == true) end
for i = 0, 9 do assert(entries["thread " .. i] == (i == 0 and 10000 or 9990 + i)) end
