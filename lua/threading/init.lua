--- The module that users of threading.nvim know, on this plugin's threads.
---
--- Functions that return nothing run in the thread, all others on main, unless `proxy_functions` is
--- false.

local handles = require("threading.thread")
local sandbox = require("threading.sandbox")

local M = {}

---@class threading.CompatConfig
---@field debug? boolean print what the thread does
---@field proxy_functions? boolean whether functions that return nothing run in the thread (default: true)

---@class threading.CompatThread
---@field thread threading.Thread
---@field stop fun(thread: threading.CompatThread)
---@field is_running fun(thread: threading.CompatThread): boolean

--- Checks that a function was given one of these threads.
---@param thread any
---@param name string
local function check(thread, name)
  if type(thread) ~= "table" or not handles.is_handle(thread.thread) then
    error(("threading: %s takes a thread: write thread:%s(); got %s"):format(name, name, type(thread)), 3)
  end
end

--- Starts a function in a new thread.
---@param callback function
---@param args? table
---@param settings? threading.CompatConfig
---@return threading.CompatThread
function M.start(callback, args, settings)
  settings = settings or {}
  if type(settings) ~= "table" then
    error(("threading: the configuration must be a table, got %s"):format(type(settings)), 2)
  end
  local placement = settings.proxy_functions == false and "main" or "by result"
  local thread = sandbox._start(callback, args, { _placement = placement }, 2)
  if settings.debug then
    vim.notify(("threading: started thread %d '%s'"):format(thread.id, thread.name), vim.log.levels.DEBUG)
    thread:await(function(ok, problem)
      local result = ok and "returned" or ("failed: " .. tostring(problem))
      vim.notify(("threading: the function of thread %d has %s"):format(thread.id, result), vim.log.levels.DEBUG)
    end)
    handles.show_error(thread)
  end
  return { thread = thread, stop = M.stop, is_running = M.is_running }
end

--- Ends a thread; nothing of it runs any more after its next safe point.
---@param thread threading.CompatThread
function M.stop(thread)
  check(thread, "stop")
  thread._stopped = true
  thread.thread:kill()
end

--- Whether a thread has neither been stopped nor ended by itself.
---@param thread threading.CompatThread
---@return boolean
function M.is_running(thread)
  check(thread, "is_running")
  return not thread._stopped and not handles.has_ended(thread.thread)
end

return M
