--- A thread that never waits keeps no other from its sleeps and limits; one that ignores `cancel` is killed after a
--- while; threads begin inside fast events; a handle in a thread says where to use it.
local sandbox = require("threading.sandbox")

local function endless()
  while true do
    pcall(function()
      while true do end
    end)
  end
end

-- Time passes for others.
local busy = sandbox.start(endless)
vim.wait(20)
local ok, woken = sandbox.start(function()
  vim.uv.sleep(20)
  return "woken"
end):join(5000)
assert(ok and woken == "woken", tostring(woken))

-- Nor does a thread that waits for a process keep main from anything.
local began = vim.uv.hrtime()
local process = sandbox.start(function() return vim.system({ "sleep", "3" }):wait() end)
vim.wait(50)
assert((vim.uv.hrtime() - began) / 1e6 < 2800, "main was kept waiting")
local result
ok, result = process:join(20000)
assert(ok and result.code == 0, vim.inspect(result))
ok, result = sandbox.start(function() return vim.system({ "sleep", "9" }):wait(30) end):join(5000)
assert(ok and result.code == 124 and result.signal == 9, vim.inspect(result))

-- So do their limits, while they sleep.
local sleeper = sandbox.start(function() vim.uv.sleep(1e6) end, nil, { timeout = 30 })
assert(sleeper:join(5000) == false)
assert(sleeper:status() == "timed out", sleeper:status())

-- An error that is caught again and again ends in the end.
busy:cancel("please")
local problem
ok, problem = busy:join(8000)
assert(ok == false and problem:find("killed"), tostring(problem))
assert(busy:status() == "killed", busy:status())

-- Whoever cleans up in time is left alone.
local cleaner = sandbox.start(function()
  local _, reason = pcall(function()
    while true do end
  end)
  vim.uv.sleep(50)
  return "clean after " .. reason
end)
vim.wait(20)
cleaner:cancel("enough")
local said
ok, said = cleaner:join(5000)
assert(ok and said == "clean after enough", tostring(said))

-- Inside a fast event.
local started
local timer = assert(vim.uv.new_timer())
timer:start(1, 0, function()
  assert(vim.in_fast_event())
  started = { pcall(sandbox.start, function(n) return n + 1 end, { 41 }) }
  timer:close()
end)
assert(vim.wait(5000, function() return started end))
assert(started[1], started[2])
local answer
ok, answer = started[2]:join(5000)
assert(ok and answer == 42)

-- A handle is main's.
local other = sandbox.start(function() return "other" end)
ok, problem = sandbox.start(function() return other:join() end):join(5000)
assert(ok == false and problem:find("the handle of a thread is main's", 1, true), tostring(problem))
ok, answer, said = sandbox.start(function()
  return vim.run_on_main_thread(function() return other:join(5000) end)
end):join(5000)
assert(ok and answer and said == "other", tostring(answer))
