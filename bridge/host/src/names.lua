--- Names of what both sides have: it crosses by name.
--- Loaded once by the library; returns the names by object, those of modules, and what brings both up to date.

local native, vim = ...
local getmetatable, ipairs, next, rawget, setmetatable, type = getmetatable, ipairs, next, rawget, setmetatable, type
-- Before other functions stand in their places.
local resume, status, yield = coroutine.resume, coroutine.status, coroutine.yield

local libraries = {
  "bit", "coroutine", "debug", "io", "jit", "math", "os", "package", "string", "table",
}
local base = {
  "assert", "collectgarbage", "dofile", "error", "gcinfo", "getfenv", "getmetatable", "ipairs", "load",
  "loadfile", "loadstring", "module", "newproxy", "next", "pairs", "pcall", "print", "rawequal", "rawget",
  "rawlen", "rawset", "require", "select", "setfenv", "setmetatable", "tonumber", "tostring", "type",
  "unpack", "xpcall",
}
local collectable = { table = true, ["function"] = true, userdata = true, thread = true }

--- Names by object. A weak table, so that a name keeps nothing alive.
local names = setmetatable({}, { __mode = "k" })
--- Names of loaded modules by what `require` returns for them.
local modules = setmetatable({}, { __mode = "k" })

local max_depth = 6

local function shorter(a, b)
  if #a ~= #b then
    return #a < #b
  end
  return a < b
end

--- Returns the keys of a table that are strings and lead to objects, in order: an object that has two names
--- has the same of them in every run, the short one (`vim.uv`, not `vim.loop`).
local function string_keys(object)
  local keys = {}
  for key, value in next, object do
    if type(key) == "string" and collectable[type(value)] then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys, shorter)
  return keys
end

local function walk(object, prefix, depth)
  for _, key in ipairs(string_keys(object)) do
    local value = rawget(object, key)
    if names[value] == nil and not key:find(".", 1, true) then
      names[value] = prefix .. key
      if type(value) == "table" and depth < max_depth then
        walk(value, prefix .. key .. ".", depth + 1)
      end
    end
  end
end

local function walk_functions(object, prefix)
  for _, key in ipairs(string_keys(object)) do
    local value = rawget(object, key)
    if names[value] == nil then
      names[value] = prefix .. key
    end
  end
end

local known_modules = -1

--- Brings the names up to date: `vim.fn` grows with use, `vim` and `package.loaded` with `require`.
local function refresh()
  local count = 0
  for _ in next, package.loaded do
    count = count + 1
  end
  local fn = rawget(vim, "fn")
  if type(fn) == "table" then
    walk_functions(fn, "vim.fn.")
  end
  if count == known_modules then
    return
  end
  known_modules = count
  names[_G] = "_G"
  names[package.loaded] = "package.loaded"
  local handle = package.loaded.threading_handle
  if handle then
    names[handle] = "package.loaded.threading_handle"
  end
  names[package.preload] = "package.preload"
  for _, name in ipairs(base) do
    local value = rawget(_G, name)
    if value ~= nil and names[value] == nil then
      names[value] = name
    end
  end
  for _, name in ipairs(libraries) do
    local library = package.loaded[name]
    if type(library) == "table" then
      names[library] = name
      walk_functions(library, name .. ".")
    end
  end
  -- Who has taken it before this plugin was loaded has it still.
  names[yield], names[resume], names[status] = "coroutine.yield", "coroutine.resume", "coroutine.status"
  names[vim] = "vim"
  walk(vim, "vim.", 1)
  for _, name in ipairs(string_keys(package.loaded)) do
    local value = package.loaded[name]
    if names[value] == nil and modules[value] == nil then
      modules[value] = name
    end
  end
end

local string_metatable = getmetatable("")
if string_metatable then
  names[string_metatable] = "string.__metatable"
end

do
  local getinfo, set_any = debug.getinfo, debug.setfenv
  local setfenv, tonumber = setfenv, tonumber
  names[setfenv], names[set_any] = "setfenv", "debug.setfenv"

  --- Does what `setfenv` does, and takes note of it: the other side of a function must hear of it.
  function _G.setfenv(f, ...)
    local fn = f
    if type(f) ~= "function" then
      local level = tonumber(f)
      local info = level and level >= 1 and getinfo(level + 1, "f")
      fn = info and info.func
    end
    if not fn then
      return setfenv(f, ...)
    end
    local result = setfenv(fn, ...)
    native.environment_set(fn)
    return result
  end

  function debug.setfenv(object, ...)
    local result = set_any(object, ...)
    if type(object) == "function" then
      native.environment_set(object)
    end
    return result
  end
end

return names, modules, refresh
