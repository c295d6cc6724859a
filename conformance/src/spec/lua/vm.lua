--- `vim` of the test VM: the pure part from $VIMRUNTIME, the event loop on the virtual clock, and what a spec provides.
--- Gets the natives of `natives.rs`, and the other parts of the runner; runs the tests of a file.
local host, options, parts = ...

local unpack, select, type, rawget, rawset, setmetatable = unpack, select, type, rawget, rawset, setmetatable
local error, pcall, xpcall, require, tostring = error, pcall, xpcall, require, tostring

local MS = 1e6

local function pack(...)
  return { n = select("#", ...), ... }
end

package.path = options.path

--- Threads that have failed during the test, and errors that nobody waits for.
local failed_threads, late = {}, {}

--- Whether this is the callback of a timer or of another handle of the loop.
local is_fast = false

local function in_thread()
  return host.current() ~= 0
end

local function report_late(what, problem, trace)
  local failure = type(problem) == "table" and problem.message and problem or nil
  local text = failure and failure.message or problem
  table.insert(late, { message = what .. ": " .. tostring(text), traceback = trace or "", failure = failure })
end

-- The event loop of main ----------------------------------------------------------------------------

--- Runs a callback of main, whole; an error in it ends nothing but is told.
local function deliver(fn, ...)
  if fn == nil then
    return false
  end
  local trace
  local ok, problem = xpcall(fn, function(problem)
    trace = type(problem) == "table" and problem.trace or debug.traceback("", 2)
    return problem
  end, ...)
  if not ok then
    report_late("error in a callback on main", problem, trace)
  end
  return true
end

--- Lets main wait for an event, for at most so many nanoseconds; returns whether there was one.
local function pump(ns)
  return deliver(host.wait(ns))
end

--- A wait of this many milliseconds means forever: `join` without a timeout.
local FOREVER = 2 ^ 31 - 1

--- Waits, and lets time pass in the meantime.
---@param milliseconds number
---@param condition? fun(): any what ends the wait by being true
---@param interval number milliseconds between two looks at it
---@param pass fun(nanoseconds: number, milliseconds: number) lets so much time pass, of a wait of so many milliseconds
local function wait(milliseconds, condition, interval, pass)
  local deadline = host.now() + milliseconds * MS
  while true do
    if condition then
      local result = condition()
      if result then
        return true, result
      end
    end
    local left = deadline - host.now()
    if left <= 0 then
      return false, -1
    end
    pass(condition and math.min(left, math.max(interval, 1) * MS) or left, milliseconds)
  end
end

local function pass_on_main(nanoseconds, milliseconds)
  if milliseconds >= FOREVER and host.is_idle() then
    error(host.deadlock(), 0)
  end
  pump(nanoseconds)
end

-- Functions that a thread hands over ----------------------------------------------------------------

--- Where functions run that a thread hands to main; filled by `threading.lua`.
local placement = {
  hand_over = function(fn)
    return fn
  end,
}

--- Returns a value as main gets it from a thread: tables are copied, functions placed.
local function for_main(value, copies)
  if type(value) == "function" then
    return placement.hand_over(value)
  elseif type(value) ~= "table" or getmetatable(value) then
    return value
  elseif copies[value] then
    return copies[value]
  end
  local copy = {}
  copies[value] = copy
  for key, item in next, value do
    copy[key] = for_main(item, copies)
  end
  return copy
end

--- Calls a function on main from a thread, which waits for the results.
local function call_on_main(fn, args)
  local task = host.current()
  host.count("host_calls")
  -- Not a tail call: the error that comes back is raised here.
  local results = pack(host.block(function()
    local results = pack(pcall(fn, unpack(args, 1, args.n)))
    host.reply(task, unpack(results, 1, results.n))
  end))
  return unpack(results, 1, results.n)
end

local function call_from_thread(path, fn, ...)
  placement.check_policy(path)
  local args = pack(...)
  for index = 1, args.n do
    args[index] = for_main(args[index], {})
  end
  return call_on_main(fn, args)
end

local function is_callable(value)
  local metatable = debug.getmetatable(value)
  return type(value) == "function" or (type(metatable) == "table" and rawget(metatable, "__call") ~= nil)
end

--- The functions through which threads call what the spec provides.
local callers = setmetatable({}, { __mode = "k" })

--- Returns what the spec provides as a thread sees it.
local function for_thread(path, value)
  if not is_callable(value) then
    return value
  end
  local caller = callers[value]
  if not caller then
    caller = function(...)
      if in_thread() then
        return call_from_thread(path, value, ...)
      end
      return value(...)
    end
    callers[value] = caller
  end
  return caller
end

-- `vim` ---------------------------------------------------------------------------------------------

--- What is ours, and what the spec has put there.
local own, provided = {}, {}

local vim = {}
_G.vim = vim
package.loaded.vim = vim

local function missing(path, level)
  error(
    ("%s is the editor's, and the test VM has none: provide it in the spec (%s = …), or run with --host nvim"):format(path, path),
    level + 1
  )
end

--- A table such as `vim.api`: nothing but what the spec provides.
local function namespace(path, members)
  return setmetatable({}, {
    __index = function(_, key)
      local value = members[key]
      local its_path = path .. "." .. tostring(key)
      if value == nil then
        missing(its_path, 2)
      end
      return in_thread() and for_thread(its_path, value) or value
    end,
    __newindex = function(_, key, value)
      members[key] = value
    end,
    __call = members.__call,
  })
end

--- Parts of the editor that are functions in tables; assigning a table to one provides all its members.
local namespaces = {}
for _, name in ipairs({ "api", "fn", "keymap", "ui", "lsp", "treesitter", "diagnostic", "health", "snippet", "hl", "highlight", "json", "mpack", "spell", "base64", "filetype", "secure", "loader" }) do
  local members = {}
  namespaces[name] = { members = members, object = namespace("vim." .. name, members) }
end

--- Parts of the editor that are something else.
local others = {}
for name in ("g b w t v o bo wo go opt opt_local opt_global env cmd call lpeg re regex glob diff system iconv str_byteindex str_utfindex str_utf_pos str_utf_start str_utf_end stricmp ui_attach ui_detach on_key paste region rpcnotify rpcrequest tohtml lua_omnifunc uri_from_fname uri_from_bufnr uri_to_fname uri_to_bufnr"):gmatch("[%w_]+") do
  others[name] = true
end

--- Modules of the runtime that are pure Lua, by their place in `vim`.
local pure_modules = {
  F = "vim.F",
  fs = "vim.fs",
  func = "vim.func",
  inspect = "vim.inspect",
  iter = "vim.iter",
  text = "vim.text",
  version = "vim.version",
}

--- Whether a module of the runtime is being loaded: what it assigns to `vim` is ours.
local loading = 0

local function load_pure(module)
  loading = loading + 1
  local ok, result = pcall(require, module)
  loading = loading - 1
  if not ok then
    error(("%s cannot be loaded: %s"):format(module, tostring(result)), 0)
  end
  return result
end

local shared_is_loaded = false

local function find(key)
  local value = provided[key]
  if value ~= nil then
    return in_thread() and for_thread("vim." .. tostring(key), value) or value
  end
  value = own[key]
  if value ~= nil then
    return value
  end
  if namespaces[key] then
    return namespaces[key].object
  end
  if others[key] then
    missing("vim." .. key, 3)
  end
  local module = pure_modules[key]
  if module then
    own[key] = load_pure(module)
    return own[key]
  end
  if not shared_is_loaded then
    -- Defines `vim.tbl_*`, `vim.split` and their kin.
    shared_is_loaded = true
    load_pure("vim.shared")
    return own[key]
  end
end

setmetatable(vim, {
  __index = function(_, key)
    return (find(key))
  end,
  __newindex = function(_, key, value)
    if loading > 0 then
      own[key] = value
    elseif namespaces[key] and type(value) == "table" and getmetatable(value) == nil then
      local members = namespaces[key].members
      for name in pairs(members) do
        members[name] = nil
      end
      for name, member in pairs(value) do
        members[name] = member
      end
    elseif namespaces[key] and value == namespaces[key].object then
      -- Put back by who has saved it.
      provided[key] = nil
    else
      provided[key] = value
    end
  end,
})

own._empty_dict_mt = {
  __tostring = function()
    return "vim.empty_dict()"
  end,
}
own.NIL = newproxy(true)
getmetatable(own.NIL).__tostring = function()
  return "vim.NIL"
end
own.log = { levels = { TRACE = 0, DEBUG = 1, INFO = 2, WARN = 3, ERROR = 4, OFF = 5 } }
own.type_idx, own.val_idx = true, false
own.types = { float = 3, array = 5, dictionary = 6 }

function own.empty_dict()
  return setmetatable({}, own._empty_dict_mt)
end

function own.is_thread()
  return in_thread()
end

function own.in_fast_event()
  return is_fast and not in_thread()
end

function own.notify(message)
  print(message)
end

local noticed = {}
function own.notify_once(message, level, opts)
  if not noticed[message] then
    noticed[message] = true
    vim.notify(message, level, opts)
    return true
  end
  return false
end

function own.deprecate() end

function own.print(...)
  for index = 1, select("#", ...) do
    local value = select(index, ...)
    print(type(value) == "string" and value or vim.inspect(value))
  end
  return ...
end

function own.schedule(callback)
  if type(callback) ~= "function" then
    error("vim.schedule: expected function", 2)
  end
  if in_thread() then
    placement.check_policy("vim.schedule", true)
    callback = placement.hand_over(callback)
  end
  host.post(callback)
end

function own.schedule_wrap(callback)
  return function(...)
    local args = pack(...)
    vim.schedule(function()
      callback(unpack(args, 1, args.n))
    end)
  end
end

function own.wait(milliseconds, condition, interval)
  if type(milliseconds) ~= "number" or milliseconds < 0 then
    error("timeout must be >= 0", 2)
  end
  if condition ~= nil and not is_callable(condition) then
    error("vim.wait: if passed, condition must be a function", 2)
  end
  if in_thread() then
    return wait(milliseconds, condition, interval or 200, host.sleep)
  end
  local was_fast = is_fast
  is_fast = false
  local results = pack(pcall(wait, milliseconds, condition, interval or 200, pass_on_main))
  is_fast = was_fast
  if not results[1] then
    error(results[2], 0)
  end
  return unpack(results, 2, results.n)
end

function own.run_on_main_thread(callback, ...)
  if not in_thread() then
    return callback(...)
  end
  placement.check_policy("vim.run_on_main_thread", true)
  return call_on_main(callback, pack(...))
end

function own.stop_thread()
  host.stop()
end

-- `vim.uv` ------------------------------------------------------------------------------------------

local Timer = {}
Timer.__index = Timer

local function check_timer(timer, name)
  if getmetatable(timer) ~= Timer then
    error(("bad argument #1 to '%s' (uv_timer expected, got %s)"):format(name, type(timer)), 3)
  end
  if timer.is_closed then
    error(("%s: the timer is closed"):format(name), 3)
  end
end

local function disarm(timer)
  if timer.armed then
    host.cancel_timer(timer.armed)
    timer.armed = nil
  end
  -- What is on its way already comes to nothing.
  timer.generation = timer.generation + 1
end

local function arm(timer, ns)
  local generation = timer.generation
  timer.due = host.now() + ns
  timer.armed = host.timer(ns, function()
    if timer.generation ~= generation then
      return
    end
    timer.armed = nil
    if timer.period > 0 then
      arm(timer, timer.period)
    end
    local was_fast = is_fast
    is_fast = true
    local trace
    local ok, problem = xpcall(timer.callback, function(problem)
      trace = type(problem) == "table" and problem.trace or debug.traceback("", 2)
      return problem
    end)
    is_fast = was_fast
    if not ok then
      report_late("error in the callback of a timer", problem, trace)
    end
  end)
end

function Timer:start(timeout, period, callback)
  check_timer(self, "timer_start")
  if type(timeout) ~= "number" or timeout < 0 then
    error("bad argument #2 to 'timer_start' (a number of milliseconds expected)", 2)
  end
  if type(period) ~= "number" or period < 0 then
    error("bad argument #3 to 'timer_start' (a number of milliseconds expected)", 2)
  end
  if not is_callable(callback) then
    error("bad argument #4 to 'timer_start' (function expected)", 2)
  end
  disarm(self)
  if in_thread() and type(callback) == "function" then
    callback = placement.hand_over(callback)
  end
  self.callback, self.period = callback, math.floor(period) * MS
  arm(self, math.floor(timeout) * MS)
  return 0
end

function Timer:stop()
  check_timer(self, "timer_stop")
  disarm(self)
  return 0
end

function Timer:again()
  check_timer(self, "timer_again")
  if not self.callback then
    return nil, "EINVAL: invalid argument", "EINVAL"
  end
  if self.period > 0 then
    disarm(self)
    arm(self, self.period)
  end
  return 0
end

function Timer:set_repeat(period)
  check_timer(self, "timer_set_repeat")
  self.period = math.floor(period) * MS
end

function Timer:get_repeat()
  return self.period / MS
end

function Timer:get_due_in()
  return self.armed and math.max(0, math.floor((self.due - host.now()) / MS)) or 0
end

function Timer:is_active()
  return self.armed ~= nil
end

function Timer:is_closing()
  return self.is_closed
end

function Timer:close(callback)
  if self.is_closed then
    error("close: the timer is closed already", 2)
  end
  disarm(self)
  self.is_closed = true
  if callback then
    host.post(callback)
  end
end

function Timer:ref() end
function Timer:unref() end

local Async = {}
Async.__index = Async

function Async:send(...)
  if self.is_closed then
    return nil, "EINVAL: invalid argument", "EINVAL"
  end
  -- Sends that have not been seen yet are one.
  self.args = pack(...)
  if not self.is_sent then
    self.is_sent = true
    host.post(function()
      self.is_sent = false
      if not self.is_closed then
        local was_fast = is_fast
        is_fast = true
        local ok, problem = pcall(self.callback, unpack(self.args, 1, self.args.n))
        is_fast = was_fast
        if not ok then
          report_late("error in the callback of an async handle", problem)
        end
      end
    end)
  end
  return 0
end

function Async:close()
  self.is_closed = true
end

function Async:is_closing()
  return self.is_closed
end

function Async:is_active()
  return not self.is_closed
end

Async.ref, Async.unref = Timer.ref, Timer.unref

local uv = {}

function uv.new_timer()
  return setmetatable({ generation = 0, period = 0, is_closed = false }, Timer)
end

function uv.new_async(callback)
  return setmetatable({ callback = callback, is_closed = false }, Async)
end

for name in pairs({ start = 1, stop = 1, again = 1, set_repeat = 1, get_repeat = 1, get_due_in = 1 }) do
  uv["timer_" .. name] = Timer[name]
end

function uv.async_send(async, ...)
  return async:send(...)
end

for name in pairs({ close = 1, is_closing = 1, is_active = 1, ref = 1, unref = 1 }) do
  uv[name] = function(handle, ...)
    return handle[name](handle, ...)
  end
end

function uv.sleep(milliseconds)
  if type(milliseconds) ~= "number" or milliseconds < 0 then
    error("bad argument #1 to 'sleep' (a number of milliseconds expected)", 2)
  end
  host.sleep(milliseconds * MS)
end

function uv.hrtime()
  return host.now()
end

function uv.now()
  return math.floor(host.now() / MS)
end

function uv.update_time() end

--- The operating system is the same everywhere, for `vim.fs`.
function uv.os_uname()
  return { sysname = "Linux", machine = "x86_64", release = "", version = "" }
end

local uv_provided = {}
own.uv = setmetatable({}, {
  __index = function(_, key)
    local value = uv_provided[key]
    if value ~= nil then
      return in_thread() and for_thread("vim.uv." .. tostring(key), value) or value
    end
    value = uv[key]
    if value == nil then
      missing("vim.uv." .. tostring(key), 2)
    end
    return value
  end,
  __newindex = function(_, key, value)
    uv_provided[key] = value
  end,
})
own.loop = own.uv

package.preload.uv = function()
  return own.uv
end
package.preload.luv = package.preload.uv

--- Calls `fn` after some milliseconds, and returns the timer.
function own.defer_fn(fn, timeout)
  if not is_callable(fn) then
    error("vim.defer_fn: fn: expected callable, got " .. type(fn), 2)
  end
  if in_thread() and type(fn) == "function" then
    placement.check_policy("vim.defer_fn", true)
    fn = placement.hand_over(fn)
  end
  local timer = uv.new_timer()
  timer.callback, timer.period = function()
    host.post(function()
      if not timer.is_closed then
        timer:close()
      end
      fn()
    end)
  end, 0
  arm(timer, math.max(0, math.floor(timeout)) * MS)
  return timer
end

-- What the suite asks for ---------------------------------------------------------------------------

local M = {
  vim = vim,
  placement = placement,
  report_late = report_late,
  --- Ends what the test has left running; filled by `threading.lua`.
  stop_threads = function() end,
}

--- Tells that a thread has failed, for tests that fail with it.
function M.thread_failed(name, value, traceback)
  table.insert(failed_threads, { name = name, value = value, traceback = traceback or "" })
end

--- Whether the spec has its own `vim.notify`: then it hears of errors that nobody waits for.
function M.spec_notifies()
  return provided.notify ~= nil
end

function M.test_begin(index, name)
  failed_threads, late = {}, {}
  host.test_begin(index, name)
end

--- Delivers what has come already, ends threads and timers, and returns the errors that nobody has seen.
function M.settle()
  local ok, problem = pcall(function()
    while pump(0) do
    end
    M.stop_threads()
    while pump(0) do
    end
  end)
  if not ok then
    report_late("after the test", problem)
  end
  host.clear()
  return late
end

function M.failed_threads()
  return failed_threads
end

M.test_end = host.test_end
M.file_error = host.file_error

if options.seed ~= 0 then
  math.randomseed(options.seed)
end
local values = parts.values()
local assertion = parts.assert(values)
local doubles = parts.spy(values, assertion)
parts.threading(host, M, options)
parts.suite(values, assertion, doubles, M).run(options.file, options, options.helpers)
