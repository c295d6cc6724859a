--- One variable on two threads: the body's upvalues are main's own variables.
local sandbox = require("threading.sandbox")

local n = 0
local thread = sandbox.start(function()
  n = n + 1
  vim.schedule(function()
    n = n + 10
  end)
  vim.uv.sleep(50)
  n = n + 100
  return n
end)
local ok, seen = thread:join(5000)
assert(ok, seen)
assert(seen == 111, seen)
assert(n == 111, n)

-- Upvalues that are nil or false are variables too.
local absent, no = nil, false
local ok, why = sandbox
  .start(function()
    assert(absent == nil and no == false)
    absent, no = "here", true
  end)
  :join(5000)
assert(ok, why)
assert(absent == "here" and no == true)

-- Functions and tables that are assigned later work on the other side.
local f, t
local ok, why = sandbox
  .start(function()
    local calls = 0
    f = function(x)
      calls = calls + 1
      return x + calls
    end
    t = { list = { 1, 2 } }
    t.list[3] = f
    vim.uv.sleep(10)
  end)
  :join(5000)
assert(ok, why)
assert(f(1) == 2 and f(1) == 3)
assert(#t.list == 3 and t.list[3] == f)

local g = function(x) return x * 2 end
local later
local thread = sandbox.start(function()
  while not later do
    vim.uv.sleep(5)
  end
  return later(g(4)), later
end)
later = function(x) return "later " .. x end
thread:sync()
local ok, text, same = thread:join(5000)
assert(ok, text)
assert(text == "later 8", text)
assert(same == later, "a function that comes back is the original")
