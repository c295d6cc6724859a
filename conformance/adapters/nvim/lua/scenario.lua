--- The adapter for a real Neovim, both sides of it: a module, of which main and each thread have their own.

local M = {}
local unpack = unpack

local function pack(...)
  return { n = select("#", ...), ... }
end

if vim.is_thread and vim.is_thread() then
  function M.callback(key, fn)
    vim.scenario_callback(key, fn)
  end

  function M.on_main(fn, ...)
    return vim.run_on_main_thread(fn, ...)
  end

  function M.fire(key, ...)
    return vim.run_on_main_thread(function(...)
      return vim.scenario_fire(...)
    end, key, ...)
  end

  function M.post(fn, ...)
    local args = pack(...)
    vim.scenario_pending(1)
    vim.schedule(function()
      vim.scenario_run_posted(fn, args)
    end)
  end

  function M.settle()
    while vim.scenario_pending(0) > 0 do
      vim.uv.sleep(1)
    end
  end

  function M.pause()
    local number = vim.scenario_pause(M._thread)
    while not vim.scenario_may_go(M._thread, number) do
      vim.uv.sleep(1)
    end
  end

  function M.breathe()
    vim.uv.sleep(1)
  end

  function M.collect()
    collectgarbage()
    collectgarbage()
    vim.run_on_main_thread(function()
      collectgarbage()
      collectgarbage()
    end)
  end

  return M
end

local sandbox = require("threading.sandbox")

--- How long a thread has for a step.
local LIMIT = 8000

local callbacks, threads, pending, failure = {}, {}, 0, nil

function vim.scenario_callback(key, fn)
  callbacks[key] = fn
end

function vim.scenario_fire(key, ...)
  return callbacks[key](...)
end

function vim.scenario_pending(more)
  pending = pending + more
  return pending
end

function vim.scenario_run_posted(fn, args)
  local ok, problem = pcall(callbacks[fn] or fn, unpack(args, 1, args.n))
  pending = pending - 1
  if not ok then
    failure = failure or problem
  end
end

--- The thread says that it has come to its next pause; returns which that is.
function vim.scenario_pause(number)
  threads[number].pauses = threads[number].pauses + 1
  return threads[number].pauses
end

function vim.scenario_may_go(number, pause)
  return threads[number].steps > pause
end

local Handle = {}
Handle.__index = Handle

function Handle:step()
  self.steps = self.steps + 1
  self.task:sync()
  local done = vim.wait(LIMIT, function()
    return self.pauses >= self.steps or not self.task:is_running()
  end, 1)
  assert(done, "a step of the thread takes too long")
  self.task:sync()
end

function Handle:join()
  self.thread:sync()
  self.steps = math.huge
  local results = pack(self.task:join(LIMIT))
  assert(results[1] ~= nil, "the thread does not end")
  return unpack(results, 1, results.n)
end

function Handle:await(fn)
  self.task:await(fn)
end

--- A function run so has no steps of its own.
function Handle:call(fn, ...)
  return setmetatable({ task = self.task:call(fn, ...), thread = self.task, steps = 0, pauses = 0 }, Handle)
end

function Handle:sync()
  self.thread:sync()
end

function Handle:is_running()
  return self.task:is_running()
end

function Handle:cancel(reason)
  self.steps = math.huge
  self.task:cancel(reason)
end

local function start(options, fn, ...)
  local number = #threads + 1
  local handle = setmetatable({ steps = 0, pauses = 0 }, Handle)
  threads[number] = handle
  handle.task = sandbox.start(function(...)
    require("scenario")._thread = number
    return fn(...)
  end, pack(...), options)
  handle.thread = handle.task
  return handle
end

function M.start(...)
  return start({ name = "scenario" }, ...)
end

function M.start_relaxed(...)
  return start({ name = "scenario", sync = "relaxed" }, ...)
end

function M.run(fn, ...)
  local results = pack(M.start(fn, ...):join())
  if not results[1] then
    error(results[2], 0)
  end
  return unpack(results, 2, results.n)
end

M.fire = vim.scenario_fire

function M.post(fn, ...)
  local args = pack(...)
  if type(fn) ~= "function" then
    fn = callbacks[fn]
  end
  pending = pending + 1
  vim.schedule(function()
    vim.scenario_run_posted(fn, args)
  end)
end

function M.settle()
  local done = vim.wait(LIMIT, function()
    return pending == 0
  end, 1)
  assert(done, "what was posted does not run")
end

function M.callback(key, fn)
  callbacks[key] = fn
end

function M.on_main(fn, ...)
  return fn(...)
end

function M.collect()
  collectgarbage()
  collectgarbage()
end

--- Ends a scenario: nothing of it may remain. Returns what went wrong in what it had posted.
function M._finish()
  local settled = vim.wait(1000, function()
    return pending == 0
  end, 1)
  local stopped = sandbox.stop_all(5000)
  local problem = failure and "in a posted callback: " .. tostring(failure)
    or not settled and "what was posted does not run"
    or not stopped and "its threads do not end"
    or nil
  callbacks, threads, pending, failure = {}, {}, 0, nil
  collectgarbage()
  return problem
end

return M
