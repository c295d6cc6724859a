--- Threads that the operating system keeps waiting do not keep others, and two that compute run at once.
local sandbox = require("threading.sandbox")

local function milliseconds()
  return vim.uv.hrtime() / 1e6
end

local began = milliseconds()
local blocked = {}
for n = 1, 3 do
  blocked[n] = sandbox.start(function() return os.execute("sleep 3") end)
  vim.wait(100)
end
for n = 1, 5 do
  local ok, got = sandbox.start(function() return n end):join(10000)
  assert(ok and got == n)
end
assert(milliseconds() - began < 2500, "other threads waited for a process")
-- Neovim neither waits for them when they end.
for n = 1, 3 do
  local ok, status = blocked[n]:join(10000)
  assert(ok and status == 0, status)
end

-- Each writes what the other waits for, without a call between.
local files = { os.tmpname(), os.tmpname() }
local function exchange(own, other)
  for n = 1, 20 do
    local file = assert(io.open(own, "w"))
    file:write(n)
    file:close()
    repeat
      local seen = io.open(other)
      local text = seen:read("*a")
      seen:close()
    until (tonumber(text) or 0) >= n
  end
  return true
end
local a = sandbox.start(exchange, { files[1], files[2] })
local b = sandbox.start(exchange, { files[2], files[1] })
assert(a:join(20000) and b:join(20000))
os.remove(files[1])
os.remove(files[2])
