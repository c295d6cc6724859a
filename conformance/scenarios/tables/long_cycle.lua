--- A ring of tables stays a ring.
local scenario = ...

local first = {}
local last = first
for i = 2, 50 do
  last.next = { i }
  last = last.next
end
last.next = first
scenario.run(function()
  local t, n = first, 0
  repeat
    t.seen, t, n = true, t.next, n + 1
  until t == first
  assert(n == 50)
end)
local t = first
repeat
  assert(t.seen)
  t = t.next
until t == first
