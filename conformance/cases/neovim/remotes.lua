--- Values that stay on their side: what an ordinary VM has no counterpart for. Ends of threads, release, tracebacks.
local sandbox = require("threading.sandbox")

local function wait_for(condition, what)
  assert(vim.wait(5000, condition, 5), what)
end

-- A value of a thread that has ended: every operation is an error at once, and says so.
local own, iterate, co
local thread = sandbox.start(function()
  local u = newproxy(true)
  getmetatable(u).__index = function(_, k) return k end
  own, iterate = u, coroutine.wrap(function() while true do coroutine.yield(1) end end)
  co = coroutine.create(function() coroutine.yield(2) end)
end)
assert(thread:join(5000))
assert(own.field == "field" and iterate() == 1 and thread:status() == "idle")
thread:kill()
wait_for(function() return thread:status() == "killed" end, "it ends")
local started = vim.uv.hrtime()
for _, operation in ipairs({
  function() return own.field end,
  function() own.field = 1 end,
  function() return #own end,
  function() return own .. "" end,
  function() return own + 1 end,
  function() return own() end,
  iterate,
}) do
  local ok, problem = pcall(operation)
  assert(not ok and problem:find("has ended", 1, true), problem)
end
local ok, problem = coroutine.resume(co)
assert(not ok and problem:find("has ended", 1, true), problem)
assert(vim.uv.hrtime() - started < 1e9 and own == own and type(iterate) == "function")

-- A thread that is killed in the middle of an operation: the operation is an error, main goes on.
local u
local thread = sandbox.start(function()
  u = newproxy(true)
  getmetatable(u).__index = function(_, key)
    if key == "spin" then
      while true do end
    elseif key == "stop" then
      vim.stop_thread()
    end
    return vim.api.nvim_get_current_buf()
  end
end)
assert(thread:join(5000))
assert(u.buffer == vim.api.nvim_get_current_buf(), "an operation may ask the editor")
local timer = vim.uv.new_timer()
timer:start(100, 0, function()
  thread:kill()
  timer:close()
end)
local ok, problem = pcall(function() return u.spin end)
assert(not ok and tostring(problem):find("killed", 1, true), problem)

local thread = sandbox.start(function()
  u = newproxy(true)
  getmetatable(u).__index = function() vim.stop_thread() end
end)
assert(thread:join(5000))
local ok, problem = pcall(function() return u.x end)
assert(not ok, "a thread that stops itself in an operation")

-- With limited fuel an operation runs out of it.
local thread = sandbox.start(function()
  u = newproxy(true)
  getmetatable(u).__index = function() while true do end end
end, {}, { fuel = 1000000 })
assert(thread:join(5000))
local ok, problem = pcall(function() return u.x end)
assert(not ok and tostring(problem):find("fuel", 1, true), problem)

-- Writes of the callback up to an operation are there, and those of the operation, when it fails.
local n = 0
local ok, problem = sandbox.start(function()
  local u = newproxy(true)
  getmetatable(u).__index = function() n = n + 1; error("from the thread") end
  vim.run_on_main_thread(function()
    n = n + 10
    local ok, problem = pcall(function() return u.x end)
    assert(not ok and problem:find("from the thread", 1, true))
    assert(n == 11)
    n = n + 100
  end)
  return n
end):join(5000)
assert(ok and problem == 111, problem)
assert(n == 111)

-- Tracebacks are joined.
local reported
local notify = vim.notify
vim.notify = function(message) reported = message end
sandbox.start(function()
  local u = newproxy(true)
  local function in_thread() error("deep") end
  getmetatable(u).__index = function() local x = in_thread(); return x end
  local function on_main() local x = u.field; return x end
  local function body() local x = vim.run_on_main_thread(on_main); return x end
  local x = body()
  return x
end)
wait_for(function() return reported end, "the error is reported")
vim.notify = notify
for _, part in ipairs({ "deep", "in function 'in_thread'", "stack traceback of main", "stack traceback of the thread" }) do
  assert(reported:find(part, 1, true), part .. " in:\n" .. reported)
end
assert(reported:find("in_thread.*of main.*in function 'body'") or reported:find("in_thread", 1, true), reported)

-- Released on both sides: a live thread with values that nobody has any more has nothing shared but its own variables.
local gate = {}
local thread = sandbox.start(function()
  while not gate.open do
    vim.uv.sleep(1)
    collectgarbage()
  end
end)
do
  local task = thread:call(function(host_userdata, host_coroutine, host_function)
    local co = coroutine.create(function() return 1 end)
    local u = newproxy(true)
    assert(coroutine.resume(host_coroutine) and host_function("x", "x") and type(host_userdata) == "userdata")
    return vim.run_on_main_thread(function()
      return coroutine.resume(co), type(u), coroutine.wrap
    end)
  end, newproxy(true), coroutine.create(function() return 1 end), vim.uv.new_timer and string.gmatch("xx", "x"))
  assert(task:join(5000))
end
wait_for(function()
  collectgarbage()
  collectgarbage()
  thread:sync()
  return thread:stats().shared.remotes == 0
end, "all remotes are released: " .. vim.inspect(thread:stats().shared))
gate.open = true
assert(thread:join(5000))

-- A name of the thread's `vim` is main's own on main.
local ok, same = sandbox.start(function()
  local schedule, sleep = vim.schedule, vim.uv.sleep
  return vim.run_on_main_thread(function() return schedule == vim.schedule and sleep == vim.uv.sleep end)
end):join(5000)
assert(ok and same == true, same)

-- Refused in a sandbox that may not ask anything of the host.
local thread = sandbox.start(function(u) return pcall(function() return u.x end) end, { newproxy(true) }, { policy = "pure" })
local _, ok, problem = thread:join(5000)
assert(ok == false and problem:find("not allowed", 1, true), problem)
