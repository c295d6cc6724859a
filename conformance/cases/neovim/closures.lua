--- Closures that share a variable go on sharing it, in whatever messages they cross.
local sandbox = require("threading.sandbox")

local get, set
do
  local value = "first"
  function get() return value end
  function set(v) value = v end
end
local ok, why = sandbox
  .start(function()
    assert(get() == "first")
    set("second")
    assert(get() == "second")
    -- One in this message, the other in a later one.
    local shared = 0
    vim.g.threading_first = nil
    vim.schedule(function()
      shared = shared + 1
    end)
    vim.uv.sleep(30)
    vim.schedule(function()
      shared = shared + 10
    end)
    vim.uv.sleep(30)
    assert(shared == 11, shared)
  end)
  :join(5000)
assert(ok, why)
assert(get() == "second")
set("third")
assert(get() == "third")

-- Recursion, mutual recursion and closures made in loops.
local function factorial(n)
  return n == 0 and 1 or n * factorial(n - 1)
end
local is_odd
local function is_even(n)
  return n == 0 or is_odd(n - 1)
end
function is_odd(n)
  return n ~= 0 and is_even(n - 1)
end
local counters = {}
for i = 1, 5 do
  counters[i] = function()
    i = i + 1
    return i
  end
end
local ok, product, odd, values = sandbox
  .start(function()
    local values = {}
    for i, counter in ipairs(counters) do
      values[i] = counter()
    end
    return factorial(10), is_odd(7), values
  end)
  :join(5000)
assert(ok, product)
assert(product == 3628800 and odd == true)
for i = 1, 5 do
  assert(values[i] == i + 1)
  assert(counters[i]() == i + 2, "the loop variable is one on both sides")
end

-- Three hundred scheduled closures over one counter.
local count = 0
local thread = sandbox.start(function()
  for _ = 1, 300 do
    vim.schedule(function()
      count = count + 1
    end)
  end
  while count < 300 do
    vim.uv.sleep(1)
  end
  return count
end)
local ok, seen = thread:join(20000)
assert(ok, seen)
assert(seen == 300 and count == 300)
