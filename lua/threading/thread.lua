--- The handles: one for a thread, one for each task that runs in it.

local M = {}

local unpack = unpack

---@type table<integer, threading.Thread>
M.threads = {}

---@type threading.Native
local native

--- Gives this file the library.
---@param library threading.Native
function M.setup(library)
  native = library
end

--- Something that runs in a sandbox and will have results.
---@class threading.Task
---@field id integer the sandbox's number
---@field name string
---@field package _task integer
---@field package _results? table the results, packed, once it has finished
---@field package _outcome? threading.Status how it finished
---@field package _traceback? string
---@field package _waiting table[] what to call when it finishes
---@field package _observed boolean someone will see its error
---@field package _thread threading.Thread
local Task = {}
Task.__index = Task

--- A running sandbox.
---@class threading.Thread: threading.Task
---@field package _tasks table<integer, threading.Task>
---@field package _ended? threading.Status
---@field package _stats? threading.Stats
---@field package _origin string where it was started
local Thread = setmetatable({}, { __index = Task })
Thread.__index = Thread

--- Says what a handle stands for, where it is printed.
local function show(self)
  return ("thread %d '%s': %s"):format(self.id, self.name, self:status())
end
Task.__tostring = show
Thread.__tostring = show

--- Checks that a method was called with a colon.
---@param self any
---@param method string
local function check_self(self, method)
  if vim.is_thread() then
    local what = "threading: the handle of a thread is main's; use it there: vim.run_on_main_thread(function() return thread:%s(…) end)"
    error(what:format(method), 3)
  end
  local metatable = getmetatable(self)
  if metatable ~= Thread and metatable ~= Task then
    local what = "threading: %s is a method of a thread: write thread:%s(…), with a colon; got %s for the thread"
    error(what:format(method, method, type(self)), 3)
  end
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

---@param id integer
---@param name string
---@param options threading.Options
---@return threading.Thread
function M.new(id, name, options, level)
  local thread = setmetatable({
    id = id,
    name = name,
    _task = 1,
    _waiting = {},
    _observed = options.on_exit ~= nil,
    _tasks = {},
    _origin = place(level + 1),
  }, Thread)
  thread._thread = thread
  thread._tasks[1] = thread
  M.threads[id] = thread
  if options.on_exit then
    table.insert(thread._waiting, { callback = options.on_exit })
  end
  return thread
end

--- Calls what waits for a task; an error in one keeps none of the others from running.
---@param task threading.Task
local function resolve(task)
  local waiting = task._waiting
  task._waiting = {}
  for _, one in ipairs(waiting) do
    local ok, problem
    if one.coroutine then
      ok, problem = coroutine.resume(one.coroutine, unpack(task._results, 1, task._results.n))
      if not ok then
        problem = debug.traceback(one.coroutine, tostring(problem))
      end
    else
      ok, problem = xpcall(one.callback, debug.traceback, unpack(task._results, 1, task._results.n))
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
    if task._observed or task._outcome ~= "failed" then
      return
    end
    task._observed = true
    local lines = { ("thread '%s': %s"):format(task.name, describe(task._results[2])) }
    if task._traceback then
      table.insert(lines, task._traceback)
    end
    table.insert(lines, "started at " .. task._thread._origin)
    vim.notify(table.concat(lines, "\n"), vim.log.levels.ERROR)
  end)
end

---@param task threading.Task
---@param outcome threading.Status
---@param traceback string?
---@param results table
local function finish(task, outcome, traceback, results)
  if task._results then
    return
  end
  task._outcome, task._traceback, task._results = outcome, traceback, results
  task._thread._tasks[task._task] = nil
  local waited_for = #task._waiting > 0
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
    local task = thread and thread._tasks[number]
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
      thread._stats = stats
      M.threads[id] = nil
      thread._ended = outcome
      for _, task in pairs(thread._tasks) do
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
function Task:join(timeout)
  check_self(self, "join")
  timeout = M.milliseconds("join", timeout, 2)
  self._observed = true
  if not self._results then
    if vim.in_fast_event() then
      native.drain()
      if not self._results then
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
        return self._results ~= nil
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
  return unpack(self._results, 1, self._results.n)
end

--- Has a function called on main when the task has finished; without one, suspends the running
--- coroutine until then and returns the results.
---@param callback? fun(ok: boolean, ...: any)
---@return boolean? ok
---@return any ...
function Task:await(callback)
  check_self(self, "await")
  self._observed = true
  if callback ~= nil then
    if type(callback) ~= "function" then
      error(("threading: await takes a function, got %s"):format(type(callback)), 2)
    end
    if self._results then
      vim.schedule(function()
        callback(unpack(self._results, 1, self._results.n))
      end)
    else
      table.insert(self._waiting, { callback = callback })
    end
    return
  end
  if not self._results then
    local running = coroutine.running()
    if not running then
      error("threading: await without a callback works only inside a coroutine; use join here", 2)
    end
    table.insert(self._waiting, { coroutine = running })
    repeat
      -- Whoever resumes the coroutine for another reason is none of ours.
      coroutine.yield()
    until self._results
  end
  native.sync(self.id)
  return unpack(self._results, 1, self._results.n)
end

--- Raises an error in the task at its next safe point.
---@param reason? any
function Task:cancel(reason)
  check_self(self, "cancel")
  if not self._results then
    native.cancel(self.id, self._task, reason)
  end
end

--- Has no more Lua of the sandbox run; returns at once.
function Task:kill()
  check_self(self, "kill")
  self._thread._observed = true
  native.kill(self.id)
end

--- Whether the function has not finished.
---@return boolean
function Task:is_running()
  check_self(self, "is_running")
  return self._results == nil
end

--- What the thread does, or how it ended.
---@return threading.Status
function Task:status()
  check_self(self, "status")
  local thread = self._thread
  if thread._ended then
    return self._outcome or thread._ended
  end
  local status = native.status(self.id)
  if status == "finished" or status == nil then
    return self._outcome or "finished"
  end
  return status
end

--- Numbers about the thread; those of its end once it has ended.
---@return threading.Stats?
function Task:stats()
  check_self(self, "stats")
  local thread = self._thread
  thread._stats = native.stats(self.id) or thread._stats
  return thread._stats
end

--- Runs a function inside the living sandbox.
---@param fn function
---@param ... any
---@return threading.Task
function Thread:call(fn, ...)
  check_self(self, "call")
  if type(fn) ~= "function" then
    error(("threading: call takes a function, got %s"):format(type(fn)), 2)
  end
  if self._ended then
    error(("threading: thread '%s' has ended (%s) and runs nothing any more"):format(self.name, self._ended), 2)
  end
  local ok, number = pcall(native.call, self.id, fn, { ... }, select("#", ...))
  if not ok then
    error(number, 2)
  end
  local task = setmetatable({
    id = self.id,
    name = self.name,
    _task = number,
    _waiting = {},
    _observed = false,
    _thread = self,
  }, Task)
  self._tasks[number] = task
  return task
end

--- Exchanges what both sides have written to shared variables.
---@return boolean alive
function Thread:sync()
  check_self(self, "sync")
  return native.sync(self.id) or false
end

return M
