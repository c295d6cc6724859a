--- The options of a thread: their types, defaults and meaning; one schema for checks and help.

local M = {}

---@class threading.OptionSpec
---@field type string|string[] accepted types
---@field default any
---@field values? any[] accepted values, for strings
---@field about string

--- Options of `sandbox.start`.
---@type table<string, threading.OptionSpec>
M.options = {
  name = { type = "string", about = "in messages, lists and traces; from the function's file and line by default" },
  callbacks = {
    type = "string",
    default = "main",
    values = { "main", "thread", "sync" },
    about = "where functions handed to Neovim run: on main, in the thread, or in the thread while main waits",
  },
  sync = {
    type = "string",
    default = "strict",
    values = { "strict", "relaxed" },
    about = "whether a callback on main waits until the thread is parked",
  },
  modules = {
    type = "string",
    default = "own",
    values = { "own", "shared" },
    about = "loaded modules that the function captures: an instance of its own by `require`, or shared as values",
  },
  fuel = { type = "number", about = "virtual machine instructions that the thread may execute in all" },
  memory = { type = "number", about = "bytes that the thread's heap may hold" },
  timeout = { type = "number", about = "milliseconds after which the thread is ended" },
  policy = {
    type = { "string", "table" },
    default = "trusted",
    values = { "trusted", "pure" },
    about = "what of Neovim the thread may reach: everything, nothing, or what `allow` and `deny` say",
  },
  seed = { type = "number", default = 0, about = "what random numbers and the order of `pairs` start from" },
  on_exit = { type = "function", about = "called on main as fun(ok, ...) when the function has finished" },
}

---@param value any
---@param accepted string|string[]
---@return boolean
local function has_type(value, accepted)
  if type(accepted) == "table" then
    return vim.list_contains(accepted, type(value))
  end
  return type(value) == accepted
end

--- Checks a policy of lists.
---@param policy table
---@param level integer
local function check_policy(policy, level)
  for name, value in pairs(policy) do
    if name == "callbacks" then
      if type(value) ~= "boolean" then
        error(("threading: `callbacks` of a policy must be true or false, got %s"):format(type(value)), level)
      end
    elseif name ~= "allow" and name ~= "deny" then
      error(("threading: unknown field '%s' of a policy; known are allow, callbacks, deny"):format(tostring(name)), level)
    elseif type(value) ~= "table" then
      error(("threading: `%s` of a policy must be a list of paths, got %s"):format(name, type(value)), level)
    else
      for n, path in pairs(value) do
        if type(n) ~= "number" or type(path) ~= "string" or path:find("*", 1, true) and path:find("*", 1, true) ~= #path then
          local what = "threading: `%s` of a policy must be a list of paths like 'vim.api.nvim_get_mode' or 'vim.fn.*', got %s"
          error(what:format(name, vim.inspect(path)), level)
        end
      end
    end
  end
end

--- Checks options and fills in defaults.
---@param options table?
---@param level integer where to blame: the level of the caller's caller
---@return threading.Options
function M.check(options, level)
  if options ~= nil and type(options) ~= "table" then
    error(("threading: options must be a table, got %s"):format(type(options)), level)
  end
  local result = {}
  for name, spec in pairs(M.options) do
    result[name] = spec.default
  end
  for name, value in pairs(options or {}) do
    local spec = M.options[name]
    if not spec then
      local known = vim.tbl_keys(M.options)
      table.sort(known)
      error(("threading: unknown option '%s'; known are %s"):format(tostring(name), table.concat(known, ", ")), level)
    end
    if not has_type(value, spec.type) then
      local accepted = type(spec.type) == "table" and table.concat(spec.type, " or ") or spec.type
      error(("threading: option '%s' must be a %s, got %s"):format(name, accepted, type(value)), level)
    end
    if spec.values and type(value) == "string" and not vim.list_contains(spec.values, value) then
      error(
        ("threading: option '%s' must be one of '%s', got '%s'"):format(name, table.concat(spec.values, "', '"), value),
        level
      )
    end
    result[name] = value
  end
  if type(result.policy) == "table" then
    check_policy(result.policy, level + 1)
  end
  if result.policy ~= "trusted" then
    -- On main they could do what the policy forbids.
    if options and options.callbacks == "main" then
      error("threading: functions of a thread with a policy cannot run on main; `callbacks` is 'sync' or 'thread'", level)
    end
    result.callbacks = options and options.callbacks or "sync"
  end
  for _, name in ipairs({ "fuel", "memory", "timeout", "seed" }) do
    local value = result[name]
    if value and value ~= value then
      error(("threading: option '%s' must be a number, got nan"):format(name), level)
    end
    if value and value < 0 and name ~= "seed" then
      error(("threading: option '%s' must not be negative, got %s"):format(name, value), level)
    end
  end
  return result
end

return M
