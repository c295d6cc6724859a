--- A counter that the thread increments while callbacks increment it on main: no update is lost.
local sandbox = require("threading.sandbox")

local n = 0
local t = { count = 0 }
local bump
local thread = sandbox.start(function()
  bump = function()
    n = n + 1
    t.count = t.count + 1
  end
  vim.uv.sleep(1)
  for _ = 1, 100000 do
    n = n + 1
    t.count = t.count + 1
  end
  return n
end)
while not bump do
  thread:sync()
  vim.wait(1)
end
for i = 1, 10000 do
  bump()
  if i % 100 == 0 then
    vim.wait(0)
  end
end
local ok, seen = thread:join(20000)
assert(ok, seen)
assert(n == 110000, n)
assert(t.count == 110000, t.count)
