--- Builds `vim` inside a sandbox: what is pure Lua runs here, everything else is a call to the host.
---
--- Gets the natives of `calls.rs`, the value for `package.path` and the seed; returns the function that loads
--- modules.
local host, path, seed = ...

package.path = path

-- Without a seed random numbers are those of any Lua program that has not asked for others.
if seed ~= 0 then
  math.randomseed(seed)
end

-- A native as before, and no safe point unless the host is asked.
coroutine.status = host.status

local type, tostring, setmetatable, rawget, rawset = type, tostring, setmetatable, rawget, rawset
local select, unpack, error, require = select, unpack, error, require

vim = {}

-- Objects that both sides have cross by name: the standard library, and below the parts of `vim`.
local names, by_path = host.names, {}

local function name(object, its_path)
  names[object] = its_path
  by_path[its_path] = object
  return object
end

name(_G, "_G")
for _, library in ipairs({ "string", "table", "math", "bit", "os", "io", "coroutine", "debug", "package", "jit" }) do
  local members = _G[library]
  name(members, library)
  for key, member in pairs(members) do
    if type(member) == "function" then
      name(member, library .. "." .. key)
    end
  end
end
for key, member in pairs(_G) do
  if type(member) == "function" then
    name(member, key)
  end
end

-- Host values ---------------------------------------------------------------------------------------

--- Path keys of each table that stands for one of the host's.
local path_of = setmetatable({}, { __mode = "k" })

local function extend(keys, key)
  local longer = {}
  for i = 1, #keys do
    longer[i] = keys[i]
  end
  longer[#longer + 1] = key
  return longer
end

local function show(keys)
  local text = "vim"
  for i = 1, #keys do
    text = text .. (type(keys[i]) == "string" and "." .. keys[i] or "[" .. tostring(keys[i]) .. "]")
  end
  return text
end

local proxy

--- Whether a table holds functions and nothing else; and whether all have names, as in a module.
local function is_of_functions(object)
  local has_names = true
  for key, value in next, object do
    if type(key) ~= "string" or type(value) ~= "function" then
      return false
    end
    has_names = has_names and not key:find("[^%w_]")
  end
  return next(object) ~= nil, has_names
end

--- Copies of tables of functions: what is added to them is added on the host.
local copy_metatable = {
  __newindex = function(self, key, value)
    host.set(extend(path_of[self], key), value)
    rawset(self, key, value)
  end,
}

--- Gets what is at a path. What is assigned to a table of functions is meant for the editor, and would be lost
--- in a copy: a module, such as `vim.ui`, stays on the host; others, such as `vim.lsp.handlers`, are for
--- iterating too.
local function get(keys)
  local value = host.get(keys)
  if type(value) ~= "table" or getmetatable(value) ~= nil then
    return value
  end
  local is_alike, has_names = is_of_functions(value)
  if is_alike and has_names then
    return proxy(keys)
  elseif is_alike then
    path_of[value] = keys
    return setmetatable(value, copy_metatable)
  end
  return value
end

--- Stands for a table (or something callable) of the host that has a path.
local proxy_metatable = {
  __index = function(self, key)
    local keys = extend(path_of[self], key)
    if host.is_trusted then
      return (get(keys))
    end
    return host.get(keys)
  end,
  __newindex = function(self, key, value)
    return host.set(extend(path_of[self], key), value)
  end,
  __call = function(self, ...)
    return host.call(path_of[self], ...)
  end,
  __tostring = function(self)
    return "host: " .. show(path_of[self])
  end,
}

function proxy(keys)
  local object = setmetatable({}, proxy_metatable)
  path_of[object] = keys
  return object
end

-- Values that stay on the host: userdata, native functions, coroutines.
local operators = host.operators()

for operator, apply in pairs(operators.operators) do
  name(apply, "threading.operators." .. operator)
end

local userdata_metatable = operators.metatable(host.operate)

--- Stands for one that came out of a host call; what it is asked copies, as host calls do.
local remote_metatable = operators.metatable(host.operate)
function remote_metatable.__index(self, key)
  return (host.get({ self, key }))
end
function remote_metatable.__newindex(self, key, value)
  host.set({ self, key }, value)
end
function remote_metatable.__call(self, ...)
  return host.call(self, ...)
end
function remote_metatable.__tostring(self)
  return host.call({ "_G", "tostring" }, self)
end

local empty_dict_metatable = {
  __tostring = function()
    return "vim.empty_dict()"
  end,
}
vim._empty_dict_mt = empty_dict_metatable
name(empty_dict_metatable, "vim._empty_dict_mt")

vim.NIL = host.make_nil()
debug.setmetatable(vim.NIL, {
  __tostring = function()
    return "vim.NIL"
  end,
})

host.hooks({
  remote = remote_metatable,
  userdata = userdata_metatable,
  coroutine = operators.coroutine(host.operate, host.refuse),
  proxy = proxy_metatable,
  path_of = path_of,
  by_path = by_path,
  empty_dict = empty_dict_metatable,
  vim_nil = vim.NIL,
})

-- Namespaces ----------------------------------------------------------------------------------------

--- Looks up a member of one of the host's namespaces, and keeps it if it is a function.
local function look_up(self, namespace, key)
  local member = host.get({ namespace, key })
  if type(member) == "function" then
    rawset(self, key, member)
  end
  return member
end

--- A namespace whose members are functions of the host; `has_all` says that it has one of each name.
local function function_namespace(namespace, has_all)
  local members = setmetatable({}, {
    __index = function(self, key)
      if host.is_trusted and not has_all then
        return look_up(self, namespace, key)
      end
      local keys = { namespace, key }
      local member = name(host.function_for(keys), "vim." .. namespace .. "." .. tostring(key))
      rawset(self, key, member)
      return member
    end,
  })
  vim[namespace] = name(members, "vim." .. namespace)
end

function_namespace("api", false)
function_namespace("fn", true)

--- A namespace of variables or options: reads and writes go to the host, `vim.bo[2].filetype` too.
local function variable_namespace(namespace, is_indexed)
  local function at(keys)
    return setmetatable({}, {
      -- Tail calls, here and below: an error names the place of whoever asked.
      __index = function(_, key)
        if is_indexed and type(key) == "number" then
          return at(extend(keys, key))
        end
        return host.get(extend(keys, key))
      end,
      __newindex = function(_, key, value)
        return host.set(extend(keys, key), value)
      end,
    })
  end
  vim[namespace] = name(at({ namespace }), "vim." .. namespace)
end

for _, namespace in ipairs({ "g", "v", "env", "o", "go" }) do
  variable_namespace(namespace, false)
end
for _, namespace in ipairs({ "b", "w", "t", "bo", "wo" }) do
  variable_namespace(namespace, true)
end

vim.cmd = name(
  setmetatable({}, {
    __call = function(_, command)
      return host.call({ "cmd" }, command)
    end,
    __index = function(self, command)
      local function run(...)
        return host.call({ "cmd", command }, ...)
      end
      rawset(self, command, run)
      return run
    end,
  }),
  "vim.cmd"
)

function vim.call(function_name, ...)
  return host.call({ "call" }, function_name, ...)
end

-- Running on main -----------------------------------------------------------------------------------

function vim.is_thread()
  return true
end

function vim.in_fast_event()
  return false
end

function vim.stop_thread()
  host.stop()
end

function vim.run_on_main_thread(callback, ...)
  return host.call_function(callback, ...)
end

function vim.schedule(callback)
  if type(callback) ~= "function" then
    error("vim.schedule: expected function", 2)
  end
  host.post_function(callback)
end

function vim.schedule_wrap(callback)
  return function(...)
    local args, count = { ... }, select("#", ...)
    vim.schedule(function()
      callback(unpack(args, 1, count))
    end)
  end
end

vim.defer_fn = host.function_for({ "defer_fn" })

function print(...)
  local texts = {}
  for i = 1, select("#", ...) do
    texts[i] = tostring((select(i, ...)))
  end
  host.post({ "_G", "print" }, table.concat(texts, " "))
end
name(print, "print")

function vim.notify(message, level, opts)
  host.post({ "notify" }, message, level, opts)
end
name(vim.notify, "vim.notify")

function vim.print(...)
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    print(type(value) == "string" and value or vim.inspect(value))
  end
  return ...
end

vim.log = { levels = { TRACE = 0, DEBUG = 1, INFO = 2, WARN = 3, ERROR = 4, OFF = 5 } }

function vim.empty_dict()
  return setmetatable({}, empty_dict_metatable)
end

-- Time ----------------------------------------------------------------------------------------------

local uv = {
  sleep = host.sleep,
  hrtime = host.hrtime,
  now = function()
    return math.floor(host.hrtime() / 1e6)
  end,
}
vim.uv = name(
  setmetatable(uv, {
    __index = function(self, key)
      if host.is_trusted then
        return look_up(self, "uv", key)
      end
      local member = host.function_for({ "uv", key })
      rawset(self, key, member)
      return member
    end,
  }),
  "vim.uv"
)
vim.loop = vim.uv

--- Waits like Neovim's, but only this coroutine does.
function vim.wait(milliseconds, condition, interval)
  if type(milliseconds) ~= "number" then
    error(("bad argument #1 to 'wait' (number expected, got %s)"):format(type(milliseconds)), 2)
  elseif milliseconds < 0 then
    error("timeout must be >= 0", 2)
  elseif condition ~= nil and type(condition) ~= "function" then
    error("vim.wait: if passed, condition must be a function", 2)
  elseif interval ~= nil and (type(interval) ~= "number" or interval < 0) then
    error("interval must be >= 0", 2)
  end
  local deadline = host.hrtime() + milliseconds * 1e6
  while true do
    if condition then
      local result = condition()
      if result then
        return true, nil
      end
    end
    local left = (deadline - host.hrtime()) / 1e6
    if left <= 0 then
      return false, -1
    end
    host.sleep(math.min(condition and (interval or 200) or left, left))
  end
end

-- Processes -----------------------------------------------------------------------------------------

--- What stands for the process of `vim.system`: main's object, but for `wait`, which keeps main from nothing.
local process_metatable = {}
process_metatable.__index = process_metatable

function process_metatable:kill(signal)
  return self._object:kill(signal)
end

function process_metatable:write(data)
  return self._object:write(data)
end

function process_metatable:is_closing()
  return self._object:is_closing()
end

function process_metatable:wait(timeout)
  local state = self._state
  local limit = timeout or state.timeout or 2 ^ 31 - 1
  local function has_ended()
    return state.result
  end
  if not vim.wait(limit, has_ended, 2) then
    -- As main's own does.
    self._object:_timeout(9)
    vim.wait(limit, has_ended, 2)
  end
  return state.result
end

local system = host.function_for({ "system" })

local function run_process(command, options, on_exit)
  if type(options) == "function" then
    options, on_exit = nil, options
  end
  local state = { timeout = type(options) == "table" and options.timeout or nil }
  local object = system(command, options, function(result)
    state.result = result
    if on_exit then
      on_exit(result)
    end
  end)
  return setmetatable({ pid = object.pid, cmd = command, _object = object, _state = state }, process_metatable)
end

if host.is_trusted then
  vim.system = name(run_process, "vim.system")
end

-- What is handed to main under one of these names is main's own there.
for _, key in ipairs({ "call", "defer_fn", "empty_dict", "in_fast_event", "print", "schedule", "schedule_wrap", "wait" }) do
  name(vim[key], "vim." .. key)
end
for key, member in pairs(uv) do
  name(member, "vim.uv." .. key)
end

-- Modules -------------------------------------------------------------------------------------------

--- Modules of Neovim's runtime that are pure Lua and run here, under the name of their place in `vim`.
local pure_modules = {
  F = "vim.F",
  func = "vim.func",
  inspect = "vim.inspect",
  iter = "vim.iter",
  text = "vim.text",
  version = "vim.version",
}

-- A thread that reads no files gets those from the host.
table.insert(package.loaders, 2, function(module)
  local text = host.runtime_module(module)
  return text and assert(loadstring(text, "@" .. module:gsub("%.", "/") .. ".lua"))
end)

local shared_is_loaded = false

setmetatable(vim, {
  __index = function(_, key)
    if not shared_is_loaded then
      -- Defines `vim.tbl_*`, `vim.split` and their kin as a side effect.
      shared_is_loaded = true
      require("vim.shared")
      local member = rawget(vim, key)
      if member ~= nil then
        return member
      end
    end
    local module = pure_modules[key]
    if module then
      local member = require(module)
      rawset(vim, key, member)
      return member
    end
    if host.is_trusted then
      return (get({ key }))
    end
    return host.get({ key })
  end,
})

vim.keymap = name(
  setmetatable({
    set = name(host.function_for({ "keymap", "set" }), "vim.keymap.set"),
    del = name(host.function_for({ "keymap", "del" }), "vim.keymap.del"),
  }, { __index = function(_, key)
    return (host.get({ "keymap", key }))
  end }),
  "vim.keymap"
)

package.loaded.vim = vim
name(vim, "vim")

--- Stands for a module that the host has loaded and that cannot be loaded here: every use says why.
local function unloadable(module, reason)
  local function complain()
    error(("module '%s', which the function captures, cannot be loaded in the thread: %s"):format(module, reason), 3)
  end
  return setmetatable({}, { __index = complain, __newindex = complain, __call = complain })
end

--- Stands for the metatable of the handles, which are main's.
local handle_metatable = {
  __tostring = function(handle)
    return ("thread %d '%s'"):format(handle.id, handle.name)
  end,
}
name(handle_metatable, "package.loaded.threading_handle")

function handle_metatable.__index(_, method)
  return function()
    local what = "threading: the handle of a thread is main's; use it there: vim.run_on_main_thread(function() return thread:%s(…) end)"
    error(what:format(method), 2)
  end
end

return function(...)
  for i = 1, select("#", ...) do
    local module = select(i, ...)
    local ok, reason = pcall(require, module)
    if not ok then
      package.loaded[module] = unloadable(module, tostring(reason))
    end
  end
end
