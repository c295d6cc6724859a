--- Ten thousand entries cross, and one written later does too.
local scenario = ...

local t = {}
for i = 1, 10000 do
  t[i] = i
end
local thread = scenario.start(function()
  local sum = 0
  for _, x in ipairs(t) do sum = sum + x end
  assert(sum == 50005000)
  t[5000] = "changed"
  scenario.pause()
  assert(t[9999] == "by main" and #t == 10001)
end)
thread:step()
assert(t[5000] == "changed" and t[4999] == 4999)
t[9999], t[10001] = "by main", true
assert(thread:join())
