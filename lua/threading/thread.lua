--- The handles: one for a thread, one for each task that runs in it.
---
--- Threads outlive a reload of the plugin, and so does this module: loaded again it is the same one.

local registry = debug.getregistry()
local before = registry["threading.thread"]
if before then
  package.loaded.threading_handle = before.metatable
  return before
end

local M = {}
registry["threading.thread"] = M

local unpack = unpack

---@type table<integer, threading.Thread>
M.threads = {}

---@type threading.Native
local native

--- The library, once it is connected to the main loop.
---@type threading.Native?
M.library = nil

--- Whether Neovim is about to end.
M.is_leaving = false

--- Gives this file the library.
---@param library threading.Native
function M.setup(library)
  native, M.library = library, library
end

--- What a handle stands for: a sandbox's body, or what `call` runs in it.
---@class threading.Task
---@field id integer the sandbox's number
---@field name string
---@field number integer the task's number in the sandbox; 1 is the body
---@field results? table the results, packed, once it has finished
---@field outcome? threading.Status how it finished
---@field traceback? string
---@field waiting table[] what to call when it finishes
---@field observed boolean someone will see its error
---@field sandbox threading.Sandbox

--- What the handles of one sandbox have in common.
---@class threading.Sandbox
---@field tasks table<integer, threading.Task> those that have not finished
---@field ended? threading.Status
---@field stats? threading.Stats
---@field origin string where it was started

--- A handle. What it stands for is kept apart: a function that captures a handle takes it into its thread,
--- and nothing of this plugin's own with it.
---@class threading.Thread
---@field id integer the sandbox's number
---@field name string
local Thread = {}
Thread.__index = Thread

--- Under this name the metatable crosses: a thread has one of its own, whose methods say that it is main's.
package.loaded.threading_handle = Thread
M.metatable = Thread

---@type table<threading.Thread, threading.Task>
local tasks = setmetatable({}, { __mode = "k" })

--- Says what a handle stands for, where it is printed.
function Thread:__tostring()
  return ("thread %d '%s': %s"):format(self.id, self.name, self:status())
end

--- Checks that a method was called with a colon.
---@param self any
---@param method string
---@return threading.Task
local function check_self(self, method)
  if vim.is_thread() then
    local what = "threading: the handle of a thread is main's; use it there: vim.run_on_main_thread(function() return thread:%s(…) end)"
    error(what:format(method), 3)
  end
  local task = tasks[self]
  if not task then
    local what = "threading: %s is a method of a thread: write thread:%s(…), with a colon; got %s for the thread"
    error(what:format(method, method, type(self)), 3)
  end
  return task
end

--- As long as `vim.wait` can wait.
local longest = 2 ^ 31 - 1

--- Checks a time to wait and makes it one that `vim.wait` takes.
---@param what string the function that was called, for the message
---@param value any milliseconds, or nil
---@param level integer where to blame: the level of the caller's caller
---@return integer?
function M.milliseconds(what, value, level)
  if value == nil then
    return nil
  end
  -- Not a number is not greater than anything either.
  if type(value) ~= "number" or not (value >= 0) then
    error(("threading: %s takes a number of milliseconds, got %s"):format(what, vim.inspect(value)), level + 1)
  end
  return math.min(math.ceil(value), longest)
end

local function pack(...)
  return { n = select("#", ...), ... }
end

--- Where a function is called from, for messages.
---@param level integer
---@return string
local function place(level)
  local info = debug.getinfo(level + 1, "Sl")
  if not info then
    return "?"
  end
  return ("%s:%d"):format(info.short_src, info.currentline)
end

--- Makes the handle of a task.
---@param sandbox threading.Sandbox
---@param id integer
---@param name string
---@param number integer
---@return threading.Thread
---@return threading.Task
local function handle(sandbox, id, name, number)
  local thread = setmetatable({ id = id, name = name }, Thread)
  local task = { id = id, name = name, number = number, waiting = {}, observed = false, sandbox = sandbox }
  tasks[thread] = task
  sandbox.tasks[number] = task
  return thread, task
end

---@param id integer
---@param name string
---@param options threading.Options
---@param level integer where the thread is started: the level of the caller's caller
---@return threading.Thread
function M.new(id, name, options, level)
  local thread, task = handle({ tasks = {}, origin = place(level + 1) }, id, name, 1)
  M.threads[id] = thread
  if options.on_exit then
    task.observed = true
    table.insert(task.waiting, { callback = options.on_exit })
  end
  return thread
end

---@param value any
---@return boolean
function M.is_handle(value)
  return tasks[value] ~= nil
end

--- Whether nothing of a thread runs any more.
---@param thread threading.Thread
---@return boolean
function M.has_ended(thread)
  return tasks[thread].sandbox.ended ~= nil
end

--- Has an error of a thread shown although somebody waits for its end.
---@param thread threading.Thread
function M.show_error(thread)
  tasks[thread].observed = false
end

--- Calls what waits for a task; an error in one keeps none of the others from running.
---@param task threading.Task
local function resolve(task)
  local waiting = task.waiting
  task.waiting = {}
  for _, one in ipairs(waiting) do
    local ok, problem
    if one.coroutine then
      ok, problem = coroutine.resume(one.coroutine, unpack(task.results, 1, task.results.n))
      if not ok then
        problem = debug.traceback(one.coroutine, tostring(problem))
      end
    else
      ok, problem = xpcall(one.callback, debug.traceback, unpack(task.results, 1, task.results.n))
    end
    if not ok then
      M.report(("threading: error in a callback that waits for thread '%s':\n%s"):format(task.name, tostring(problem)))
    end
  end
end

--- Shows an error to the user.
---@param message string
function M.report(message)
  vim.schedule(function()
    vim.notify(message, vim.log.levels.ERROR)
  end)
end

--- Returns an error as text.
---@param value any
---@return string
local function describe(value)
  if type(value) == "string" then
    return value
  end
  local ok, text = pcall(tostring, value)
  if type(value) == "table" and not (getmetatable(value) or {}).__tostring then
    ok, text = pcall(vim.inspect, value)
  end
  return ok and text or type(value)
end

--- Reports a failed task unless someone has asked for its results by then.
---@param task threading.Task
local function report_unobserved(task)
  vim.schedule(function()
    if task.observed or task.outcome ~= "failed" then
      return
    end
    task.observed = true
    local lines = { ("thread '%s': %s"):format(task.name, describe(task.results[2])) }
    if task.traceback then
      table.insert(lines, task.traceback)
    end
    table.insert(lines, "started at " .. task.sandbox.origin)
    vim.notify(table.concat(lines, "\n"), vim.log.levels.ERROR)
  end)
end

---@param task threading.Task
---@param outcome threading.Status
---@param traceback string?
---@param results table
local function finish(task, outcome, traceback, results)
  if task.results then
    return
  end
  task.outcome, task.traceback, task.results = outcome, traceback, results
  task.sandbox.tasks[task.number] = nil
  local waited_for = #task.waiting > 0
  resolve(task)
  if not results[1] and not waited_for then
    report_unobserved(task)
  end
end

--- Takes what the library tells: results, ends, errors that nobody waits for.
---@param what "finished"|"ended"|"error"
---@param id integer
function M.dispatch(what, id, ...)
  local thread = M.threads[id]
  if what == "finished" then
    local number, outcome, traceback = ...
    local task = thread and tasks[thread].sandbox.tasks[number]
    if task then
      finish(task, outcome, traceback, pack(select(4, ...)))
    elseif not select(4, ...) then
      -- A callback that runs in the thread: nobody waits for it.
      local problem = describe((select(5, ...)))
      M.report(("thread '%s': %s\n%s"):format(thread and thread.name or id, problem, traceback or ""))
    end
  elseif what == "ended" then
    local outcome, reason, stats = ...
    if thread then
      local sandbox = tasks[thread].sandbox
      M.threads[id] = nil
      sandbox.stats, sandbox.ended = stats, outcome
      for _, task in pairs(sandbox.tasks) do
        local results = outcome == "finished" and pack(true) or pack(false, reason or outcome)
        finish(task, outcome, nil, results)
      end
    end
  elseif what == "error" then
    local problem, traceback = ...
    M.report(("thread '%s': %s\n%s"):format(thread and thread.name or id, describe(problem), traceback or ""))
  end
end

--- Waits until the task has finished, for at most that many milliseconds, while events go on.
---@param timeout? number milliseconds; without it as long as it takes
---@return boolean? ok nil when the time was up
---@return any ... results, or the error, or "timeout"
function Thread:join(timeout)
  local task = check_self(self, "join")
  timeout = M.milliseconds("join", timeout, 2)
  task.observed = true
  if not task.results then
    if vim.in_fast_event() then
      native.drain()
      if not task.results then
        error(
          ("threading: thread '%s' has not finished, and nothing can be waited for inside a fast event (%s); use thread:await(callback), or call join from vim.schedule"):format(
            self.name,
            place(2)
          ),
          2
        )
      end
    else
      -- A callback of this very thread must let it run while it waits for it.
      local suspended = native.suspend(self.id)
      local done, interrupted = vim.wait(timeout or longest, function()
        return task.results ~= nil
      end, 10)
      native.resume(self.id, suspended)
      if not done then
        if interrupted == -2 then
          error(("threading: interrupted while waiting for thread '%s'"):format(self.name), 2)
        end
        return nil, "timeout"
      end
    end
  end
  native.sync(self.id)
  return unpack(task.results, 1, task.results.n)
end

--- Has a function called on main when the task has finished; without one, suspends the running
--- coroutine until then and returns the results.
---@param callback? fun(ok: boolean, ...: any)
---@return boolean? ok
---@return any ...
function Thread:await(callback)
  local task = check_self(self, "await")
  task.observed = true
  if callback ~= nil then
    if type(callback) ~= "function" then
      error(("threading: await takes a function, got %s"):format(type(callback)), 2)
    end
    if task.results then
      vim.schedule(function()
        callback(unpack(task.results, 1, task.results.n))
      end)
    else
      table.insert(task.waiting, { callback = callback })
    end
    return
  end
  if not task.results then
    local running = coroutine.running()
    if not running then
      error("threading: await without a callback works only inside a coroutine; use join here", 2)
    end
    table.insert(task.waiting, { coroutine = running })
    repeat
      -- Whoever resumes the coroutine for another reason is none of ours.
      coroutine.yield()
    until task.results
  end
  native.sync(self.id)
  return unpack(task.results, 1, task.results.n)
end

--- Raises an error in the task at its next safe point.
---@param reason? any the error; by default a text that says so
function Thread:cancel(reason)
  local task = check_self(self, "cancel")
  if not task.results then
    if reason == nil then
      reason = ("thread '%s' was cancelled"):format(task.name)
    end
    native.cancel(task.id, task.number, reason)
  end
end

--- Has no more Lua of the sandbox run; returns at once.
function Thread:kill()
  local task = check_self(self, "kill")
  task.observed = true
  native.kill(task.id)
end

--- Whether the function has not finished.
---@return boolean
function Thread:is_running()
  return check_self(self, "is_running").results == nil
end

--- What the thread does, or how it ended.
---@return threading.Status
function Thread:status()
  local task = check_self(self, "status")
  local outcome, ended = task.outcome, task.sandbox.ended
  -- A body that has returned leaves callbacks behind; of one that has failed it matters more how.
  if outcome and (ended or task.number > 1 or outcome ~= "finished") then
    return outcome
  end
  return ended or native.status(task.id) or outcome or "finished"
end

--- Numbers about the thread; those of its end once it has ended.
---@return threading.Stats?
function Thread:stats()
  local sandbox = check_self(self, "stats").sandbox
  sandbox.stats = native.stats(self.id) or sandbox.stats
  return sandbox.stats
end

--- Runs a function inside the living sandbox.
---@param fn function
---@param ... any
---@return threading.Thread
function Thread:call(fn, ...)
  local sandbox = check_self(self, "call").sandbox
  if type(fn) ~= "function" then
    error(("threading: call takes a function, got %s"):format(type(fn)), 2)
  end
  if sandbox.ended then
    error(("threading: thread '%s' has ended (%s) and runs nothing any more"):format(self.name, sandbox.ended), 2)
  end
  local ok, number = pcall(native.call, self.id, fn, { ... }, select("#", ...))
  if not ok then
    error(number, 2)
  end
  return (handle(sandbox, self.id, self.name, number))
end

--- Exchanges what both sides have written to shared variables.
---@return boolean alive
function Thread:sync()
  check_self(self, "sync")
  return native.sync(self.id) or false
end

return M
