--- Input that means harm or is merely huge: an error or a result, never a hang or a crash.
local sandbox = require("threading.sandbox")

-- A string of 100 MB, there and back.
local big = ("x"):rep(100 * 1024 * 1024)
local ok, length, back = sandbox.start(function(s) return #s, s end, { big }):join(30000)
assert(ok, length)
assert(length == #big and back == big)
big, back = nil, nil
collectgarbage()

-- Deep nesting by reference.
local deep = {}
local t = deep
for _ = 1, 10000 do
  t.next = {}
  t = t.next
end
local ok, depth = sandbox
  .start(function(t)
    local depth = 0
    while t.next do
      t = t.next
      depth = depth + 1
    end
    return depth
  end, { deep })
  :join(20000)
assert(ok, depth)
assert(depth == 10000)

-- What the API copies must be a tree.
local ok, message = sandbox
  .start(function()
    local t = {}
    t.t = t
    return select(2, pcall(vim.fn.json_encode, t))
  end)
  :join(5000)
assert(ok and tostring(message):match("contains itself"), tostring(message))
local ok, message = sandbox
  .start(function()
    local t = {}
    for _ = 1, 1000 do
      t = { t }
    end
    return select(2, pcall(vim.fn.json_encode, t))
  end)
  :join(5000)
assert(ok and tostring(message):match("nested more than"), tostring(message))

-- Bytecode that is none.
local ok, a, b = sandbox
  .start(function()
    local dump = string.dump(function(x) return x + 1 end)
    local refused = 0
    for i = 1, #dump do
      if not load(dump:sub(1, i - 1), "=cut", "b") then
        refused = refused + 1
      end
    end
    for i = 1, #dump do
      for bit = 0, 7 do
        local byte = dump:byte(i)
        local flipped = bit and string.char((byte + 2 ^ bit) % 256)
        local f = load(dump:sub(1, i - 1) .. flipped .. dump:sub(i + 1), "=flipped", "b")
        if f then
          pcall(f, 1)
        end
      end
    end
    return refused, #dump
  end)
  :join(20000)
assert(ok, a)
assert(a == b, "every truncated dump is refused")

-- Endless recursion, endless strings.
local ok, message = sandbox
  .start(function()
    local function f() return 1 + f() end
    return select(2, pcall(f))
  end)
  :join(10000)
assert(ok and tostring(message):match("stack overflow"), tostring(message))
local thread = sandbox.start(function()
  local s = "x"
  while true do
    s = s .. s
  end
end, {}, { memory = 64 * 1024 * 1024 })
assert(thread:join(10000) == false)
