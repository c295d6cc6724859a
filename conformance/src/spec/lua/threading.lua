--- The library `threading_native` of the test VM: threads are tasks of this VM, sharing is native.
--- The plugin's own Lua files run on it unchanged.
local host, platform, options = ...

local unpack, select = unpack, select

local function pack(...)
  return { n = select("#", ...), ... }
end

local native = setmetatable({}, {
  __index = function(_, key)
    error(("the test VM does not have this part of threads yet (%s); run with --host nvim"):format(tostring(key)), 2)
  end,
})

---@class spec.Sandbox
---@field id integer
---@field options table
---@field tasks integer how many tasks it was given
---@field lives_on boolean main can reach functions of it

---@type table<integer, spec.Sandbox>
local sandboxes = {}
local last_id = 0
local dispatch

local function main_only(what)
  if host.current() ~= 0 then
    error(("threading: threads can be %s only from Neovim's main thread; use vim.run_on_main_thread"):format(what), 0)
  end
end

--- Whether a list holds a function that is not known to main by name: then the thread lives on for it.
local function holds_function(list, first)
  for index = first, list.n do
    if type(list[index]) == "function" then
      return true
    end
  end
  return false
end

--- Takes a task's end from the scheduler, on main.
host.on_end(function(id, number, outcome, traceback, ...)
  local sandbox = sandboxes[id]
  if not sandbox then
    return
  end
  if not (...) and outcome == "failed" then
    platform.thread_failed(sandbox.options.name, select(2, ...), traceback)
  end
  if holds_function(pack(...), 2) then
    sandbox.lives_on = true
  end
  dispatch("finished", id, number, outcome, traceback, ...)
  local ended = host.ended(id)
  if ended then
    native.end_sandbox(id, ended)
  elseif not sandbox.lives_on and host.task_count(id) == 0 then
    native.end_sandbox(id, "finished")
  end
end)

function native.end_sandbox(id, outcome)
  local sandbox = sandboxes[id]
  if sandbox then
    local stats = native.stats(id)
    sandboxes[id] = nil
    host.kill(id)
    dispatch("ended", id, outcome, ("the sandbox '%s' has ended: %s"):format(sandbox.options.name, outcome), stats)
  end
end

function native.setup(_, _, _, its_dispatch)
  dispatch = its_dispatch
end

function native.start(fn, args, n, its_options)
  main_only("started")
  last_id = last_id + 1
  local id = last_id
  sandboxes[id] = { id = id, options = its_options, tasks = 1, lives_on = false }
  host.new_sandbox(id, its_options.fuel, its_options.memory, its_options.timeout, its_options.policy ~= "trusted")
  host.spawn(id, 1, fn, unpack(args, 1, n))
  return id
end

function native.call(id, fn, args, n)
  main_only("called")
  local sandbox = sandboxes[id]
  if not sandbox then
    error("threading: the thread has ended and runs nothing any more", 0)
  end
  host.breathe()
  sandbox.tasks = sandbox.tasks + 1
  host.spawn(id, sandbox.tasks, fn, unpack(args, 1, n))
  return sandbox.tasks
end

function native.cancel(id, number, reason)
  if reason == nil then
    reason = "cancelled"
  end
  if sandboxes[id] then
    host.cancel(id, number, reason)
  end
end

function native.kill(id)
  local sandbox = sandboxes[id]
  if sandbox then
    host.kill(id)
    host.post(function()
      native.end_sandbox(id, "killed")
    end)
  end
end

function native.status(id)
  if not sandboxes[id] then
    return nil
  end
  host.breathe()
  return host.status(id)
end

function native.stats(id)
  if not sandboxes[id] then
    return nil
  end
  local fuel, memory, host_calls, callbacks = host.stats(id)
  return {
    fuel = fuel,
    memory = memory,
    host_calls = host_calls,
    callbacks = callbacks,
    parked_us = 0,
    shared = { cells = 0, tables = 0, functions = 0, remotes = 0 },
  }
end

function native.sync(id)
  if host.current() == 0 then
    host.breathe()
  end
  return sandboxes[id] ~= nil
end

function native.suspend()
  return 0
end

function native.resume() end
function native.drain() end
function native.nudge() end
function native.collected() end
native.returns_nothing = host.returns_nothing

function native.leave_neovim()
  for id in pairs(sandboxes) do
    native.end_sandbox(id, "killed")
  end
  return true
end

-- Where functions run that a thread hands to main ---------------------------------------------------

--- Runs a function as a task of its sandbox; returns what `join` returns.
local function run_in_thread(id, fn, args)
  local sandbox = sandboxes[id]
  sandbox.tasks = sandbox.tasks + 1
  host.spawn(id, sandbox.tasks, fn, unpack(args, 1, args.n))
  return sandbox.tasks
end

local wrappers = setmetatable({}, { __mode = "k" })

function platform.placement.hand_over(fn)
  local id = host.sandbox()
  local sandbox = sandboxes[id]
  if not sandbox then
    return fn
  end
  if sandbox.options.policy ~= "trusted" and sandbox.options.may_hand_over ~= 1 then
    error("a function cannot be handed to Neovim: the thread's policy has no `callbacks`", 0)
  end
  sandbox.lives_on = true
  local where = sandbox.options.callbacks
  if where == "by result" then
    where = host.returns_nothing(fn) and "thread" or "main"
  end
  if where == "main" then
    return fn
  end
  if wrappers[fn] then
    return wrappers[fn]
  end
  local function wrapper(...)
    if not sandboxes[id] then
      -- Detached: it goes on working, on what is there.
      return fn(...)
    end
    local args = pack(...)
    if where == "thread" then
      run_in_thread(id, fn, args)
      return
    end
    local results
    run_in_thread(id, function()
      results = pack(pcall(fn, unpack(args, 1, args.n)))
    end, pack())
    platform.vim.wait(2 ^ 31 - 1, function()
      return results ~= nil or not sandboxes[id]
    end, 10)
    if not results then
      error(("threading: thread '%s' has ended"):format(sandbox.options.name), 0)
    elseif not results[1] then
      error(results[2], 0)
    end
    return unpack(results, 2, results.n)
  end
  wrappers[fn] = wrapper
  return wrapper
end

local function is_listed(patterns, path)
  for _, pattern in ipairs(patterns or {}) do
    local start = pattern:match("^(.*)%*$")
    if path == pattern or (start and path:sub(1, #start) == start) then
      return true
    end
  end
  return false
end

--- Refuses what the policy of the thread that runs does not allow.
---@param path string what is to be called or read, as Lua writes it
---@param hands_over? boolean a function is to run for it later, whatever the path
function platform.placement.check_policy(path, hands_over)
  local sandbox = sandboxes[host.sandbox()]
  if not sandbox or sandbox.options.policy == "trusted" then
    return
  end
  local its = sandbox.options
  if its.policy == "pure" then
    error(('%s is not allowed by the policy "pure"'):format(path), 3)
  end
  local allowed = is_listed(its.allow, path) and not is_listed(its.deny, path)
  if hands_over then
    allowed = its.may_hand_over == 1
  end
  if not allowed then
    error(("%s is not allowed by the thread's policy"):format(path), 3)
  end
end

-- The plugin's files --------------------------------------------------------------------------------

package.loaded["threading.native"] = {
  misfit = function() end,
  load = function()
    return native
  end,
  path = "(test VM)",
}

--- `vim` of the plugin's files: what they need of the editor, and where errors go that nobody waits for.
local plugin_vim = setmetatable({
  env = { VIMRUNTIME = options.runtime },
  api = {
    nvim_list_runtime_paths = function()
      return {}
    end,
    nvim_create_augroup = function()
      return 0
    end,
    nvim_create_autocmd = function() end,
  },
  notify = function(message, level)
    if platform.spec_notifies() then
      platform.vim.notify(message, level)
    else
      local first, trace = message:match("^(.-)\n(.*)$")
      platform.report_late("an error that nobody waits for", first or message, trace)
    end
  end,
}, { __index = platform.vim })

--- Loads one of the plugin's files on this library.
local function loader(file)
  return function(...)
    local chunk = assert(loadfile(options.plugin .. "/" .. file))
    return setfenv(chunk, setmetatable({ vim = plugin_vim }, { __index = _G, __newindex = _G }))(...)
  end
end

for name, file in pairs({
  ["threading"] = "threading/init.lua",
  ["threading.config"] = "threading/config.lua",
  ["threading.sandbox"] = "threading/sandbox.lua",
  ["threading.thread"] = "threading/thread.lua",
}) do
  package.preload[name] = loader(file)
end

function platform.stop_threads()
  local ids = {}
  for id in pairs(sandboxes) do
    table.insert(ids, id)
  end
  table.sort(ids)
  for _, id in ipairs(ids) do
    native.end_sandbox(id, "killed")
  end
end
