--- Runs Lua functions in threads of their own: `require("threading.sandbox")`, the public interface.

local config = require("threading.config")
local library = require("threading.native")
local handles = require("threading.thread")

local M = {}

--- Ends everything before Neovim's loop closes.
local function leave()
  if handles.is_leaving or not handles.library then
    return
  end
  handles.is_leaving = true
  handles.library.leave_neovim(500)
end

--- Loads the library and connects it to the main loop.
---@param level integer
---@return threading.Native
local function setup(level)
  if handles.library then
    local problem = library.misfit(handles.library)
    if problem then
      error(problem, 0)
    end
    return handles.library
  end
  if vim.is_thread() then
    error("threading: threads can be started only from Neovim's main thread; use vim.run_on_main_thread", level)
  end
  local loaded, problem = library.load()
  if not loaded then
    error(problem, 0)
  end
  -- While a message is dealt with, senders do not wake the loop: this drain will come to what they have
  -- sent. But a callback may run a loop of its own (`vim.wait`, `input()`), which must go on draining.
  local nested, depth = assert(vim.uv.new_timer()), 0
  nested:unref()
  M._nested = nested
  local async = assert(vim.uv.new_async(vim.schedule_wrap(function()
    if handles.is_leaving then
      return
    end
    if depth == 0 then
      nested:start(5, 5, loaded.nudge)
    end
    depth = depth + 1
    local ok, problem = pcall(loaded.drain)
    depth = depth - 1
    if depth == 0 then
      nested:stop()
    end
    if not ok then
      error(problem, 0)
    end
  end)))
  -- The loop must not be kept alive by it, and it must live as long as the library may use it.
  async:unref()
  M._async = async
  loaded.setup(async, loaded, vim, handles.dispatch)
  handles.setup(loaded)
  vim.api.nvim_create_autocmd("VimLeavePre", {
    group = vim.api.nvim_create_augroup("threading", {}),
    desc = "threading: end all threads",
    callback = leave,
  })
  return loaded
end

--- Where a thread finds modules: nothing of this can be asked for inside a fast event.
---@type { vimruntime: string, runtime_path: string[] }?
local paths

---@param level integer
local function find_paths(level)
  if not vim.in_fast_event() then
    paths = { vimruntime = vim.env.VIMRUNTIME or "", runtime_path = vim.api.nvim_list_runtime_paths() }
  elseif not paths then
    error("threading: the first thread cannot be started inside a fast event; use vim.schedule", level)
  end
  return paths
end

---@param fn function
---@return string
local function name_of(fn)
  local info = debug.getinfo(fn, "S")
  return ("%s:%d"):format(vim.fs.basename(info.short_src), info.linedefined)
end

--- As many values as LuaJIT unpacks.
local max_arguments = 8000

--- Returns how many arguments a list holds: `n` if it says, else up to its last.
---@param args table
---@param level integer where to blame
---@return integer
local function count(args, level)
  local said = args.n
  if said ~= nil then
    if type(said) ~= "number" or said % 1 ~= 0 or said < 0 then
      error(("threading: `n` of the arguments must be their number, got %s"):format(vim.inspect(said)), level)
    end
    return said
  end
  local last = 0
  for key in pairs(args) do
    if type(key) == "number" and key > last and key % 1 == 0 then
      last = key
    end
  end
  return last
end

--- Starts a function in a new thread.
---@param fn function
---@param args? table a list of arguments; may hold nils if it says how many in `n`
---@param options? threading.Options
---@param level integer how far up to blame for errors
---@return threading.Thread
function M._start(fn, args, options, level)
  level = level + 1
  if type(fn) ~= "function" then
    error(("threading: start takes a function, got %s"):format(type(fn)), level)
  end
  if args ~= nil and type(args) ~= "table" then
    error(("threading: the arguments must be a list, got %s"):format(type(args)), level)
  end
  if options ~= nil and type(options) ~= "table" then
    error(("threading: options must be a table, got %s"):format(type(options)), level)
  end
  args = args or {}
  local arguments = count(args, level + 1)
  if arguments > max_arguments then
    error(("threading: a function takes at most %d arguments, got %d; pass a table"):format(max_arguments, arguments), level)
  end
  local placement = options and options._placement
  if placement then
    options = vim.tbl_extend("force", options, {})
    options._placement = nil
  end
  local checked = config.check(options, level + 1)
  local found = find_paths(level + 1)
  local loaded = setup(level + 1)
  if handles.is_leaving then
    error("threading: Neovim is leaving; no thread is started any more", level)
  end
  local name = checked.name or name_of(fn)
  local raw = {
    name = name,
    callbacks = placement or checked.callbacks,
    sync = checked.sync,
    modules = checked.modules,
    fuel = checked.fuel,
    memory = checked.memory,
    timeout = checked.timeout,
    policy = type(checked.policy) == "table" and "listed" or checked.policy,
    allow = type(checked.policy) == "table" and checked.policy.allow or nil,
    deny = type(checked.policy) == "table" and checked.policy.deny or nil,
    may_hand_over = type(checked.policy) == "table" and checked.policy.callbacks and 1 or 0,
    seed = checked.seed,
    hrtime = vim.uv.hrtime(),
    vimruntime = found.vimruntime,
    runtime_path = found.runtime_path,
    package_path = package.path,
  }
  local ok, id = pcall(loaded.start, fn, args, arguments, raw)
  if not ok then
    error(id, level)
  end
  -- Not a tail call either.
  local thread = handles.new(id, name, checked, level)
  return thread
end

--- Starts a function in a new thread.
---@param fn function
---@param args? table a list of arguments; may hold nils if it says how many in `n`
---@param options? threading.Options
---@return threading.Thread
function M.start(fn, args, options)
  -- Not a tail call: errors blame the caller by its level.
  local thread = M._start(fn, args, options, 2)
  return thread
end

--- What `eval` runs in the thread: compiles there, so that the text never meets main's compiler.
local function run_text(text, name)
  local fn, problem = loadstring(text, "=" .. name)
  if not fn then
    error(problem, 0)
  end
  return fn()
end

--- Runs text that nobody has reason to trust, in a new thread: with the policy "pure" unless said otherwise.
---@param source string Lua code; its results are the thread's
---@param options? threading.Options
---@return threading.Thread
function M.eval(source, options)
  if type(source) ~= "string" then
    error(("threading: eval takes Lua code as a string, got %s"):format(type(source)), 2)
  end
  if source:byte() == 27 then
    error("threading: eval takes Lua code as text, got bytecode", 2)
  end
  if options ~= nil and type(options) ~= "table" then
    error(("threading: options must be a table, got %s"):format(type(options)), 2)
  end
  local name = options and options.name or "eval"
  local defaults = { name = name, policy = "pure" }
  local thread = M._start(run_text, { source, name }, vim.tbl_extend("force", defaults, options or {}), 2)
  return thread
end

--- Returns the threads that have not ended, oldest first.
---@return threading.Thread[]
function M.list()
  local threads = vim.tbl_values(handles.threads)
  table.sort(threads, function(a, b)
    return a.id < b.id
  end)
  return threads
end

--- Kills all threads and waits until they have ended.
---@param timeout? number milliseconds, 1000 by default
---@return boolean all have ended
function M.stop_all(timeout)
  timeout = handles.milliseconds("stop_all", timeout, 2)
  for _, thread in ipairs(M.list()) do
    thread:kill()
  end
  if next(handles.threads) == nil then
    return true
  end
  if vim.in_fast_event() then
    return false
  end
  return (vim.wait(timeout or 1000, function()
    return next(handles.threads) == nil
  end, 10))
end

--- Whether no path through a function returns a value.
---@param fn function
---@return boolean
function M._returns_nothing(fn)
  return setup(2).returns_nothing(fn)
end

return M
