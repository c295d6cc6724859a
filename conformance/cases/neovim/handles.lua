--- Handles as values: captured by other threads, those of `call`, how cancelled tasks say so.
local sandbox = require("threading.sandbox")

-- A thread that captures handles takes nothing of the plugin with them, whatever has run before.
local jobs, results = {}, {}
for n = 1, 3 do
  jobs[n] = sandbox.start(function()
    results[n] = function()
      return vim.run_on_main_thread(function()
        return (select(2, sandbox.start(function() return n end):join(5000)))
      end)
    end
    return vim.run_on_main_thread(function()
      return (select(2, sandbox.start(function() return n end):join(5000)))
    end)
  end, nil, { name = "job " .. n })
  assert(select(2, jobs[n]:join(5000)) == n)
end
local observer = sandbox.start(function()
  local ok, problem = pcall(function() local _ = jobs[1]:status() end)
  local _, waits = pcall(function() local _ = jobs[2]:join(5) end)
  return jobs[1].name, jobs[3].id, tostring(jobs[2]), ok, problem, waits
end)
local ok, name, id, text, called, problem, waits = observer:join(5000)
assert(ok and name == "job 1" and id == jobs[3].id and text == ("thread %d 'job 2'"):format(jobs[2].id), vim.inspect({ name, id, text }))
assert(not called and problem:find("handles.lua:%d+: threading: the handle of a thread is main's"), problem)
assert(waits:find("thread:join(…)", 1, true), waits)
-- It is the same handle when it comes back.
local ok, same = sandbox.start(function() return jobs[1] end):join(5000)
assert(ok and same == jobs[1] and same:join() == true)
assert(select(2, sandbox.start(function()
  return vim.run_on_main_thread(function() return jobs[2]:status() end)
end):join(5000)) == jobs[2]:status())

-- What `call` returns is a handle like the other.
local alive = sandbox.start(function() vim.uv.sleep(60000) end)
local busy = alive:call(function() while true do end end)
assert(busy:is_running() and busy:status() == "running" and busy:sync() == true)
assert(select(2, busy:call(function() return 3 end):join(5000)) == 3)
busy:cancel("enough")
local ok, problem = busy:join(5000)
assert(not ok and problem == "enough" and busy:status() == "cancelled", busy:status())
assert(alive:is_running())
assert(vim.wait(5000, function() return alive:status() == "waiting" end), alive:status())
local quick = alive:call(function() return 1 end)
assert(quick:join(5000) and quick:status() == "finished" and busy:stats().fuel > 0)
local failing = alive:call(function() error({}) end)
assert(failing:join(5000) == false and failing:status() == "failed")

-- An error without a reason given says what has happened.
alive:cancel()
local ok, problem = alive:join(5000)
assert(not ok and problem == ("thread '%s' was cancelled"):format(alive.name), problem)

-- A body that has failed says so, though a callback of it is alive.
local keep
local failed = sandbox.start(function()
  keep = function() return 1 end
  error("on purpose")
end)
assert(failed:join(5000) == false and failed:status() == "failed" and keep() == 1, failed:status())
