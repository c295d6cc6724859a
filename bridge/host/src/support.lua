--- The part of the host's side that must be Lua: functions that yield may pass through, and names.
--- Loaded once by the library, which passes its own functions; returns a list in the order of `Slot`.

local native, vim = ...
local enter, exit, invoke = native.enter, native.exit, native.invoke
local error, next, pcall, rawget, select, type = error, next, pcall, rawget, select, type
local traceback = debug.traceback

--- The traceback of the last error that `handler` saw, at index 1.
local trace = {}

--- Message handler: keeps the traceback and leaves the error as it is.
local function handler(err)
  trace[1] = traceback("", 2):gsub("^\n", "")
  return err
end

local function index(object, key)
  return object[key]
end

local function assign(object, key, value)
  object[key] = value
end

--- Makes a variable of which nobody can say that it never changes.
local function carrier(value)
  return function(new)
    value = new
    return value
  end
end

local function finish(session, token, ok, ...)
  exit(session, token)
  if ok then
    return ...
  end
  error((...), 0)
end

--- Wraps a function of a sandbox so that it runs on main (placement "main").
--- `keep` holds the carriers of its variables: they live as long as the wrapper does.
--- `enter` returns nothing where there is nothing to take: the caller holds the baton already, or
--- the sandbox has ended and the function is on its own.
local function wrap_main(session, inner, keep)
  return function(...)
    local token = enter(session)
    if not token then
      return keep and inner(...)
    end
    return finish(session, token, pcall(inner, ...))
  end
end

--- Wraps a function of a sandbox so that the sandbox runs it and nobody waits (placement "thread").
local function wrap_thread(session, inner, keep, id)
  return function(...)
    invoke(session, id, keep and select("#", ...), ...)
  end
end

local function never()
  return false
end

local function take(_, _, ok, ...)
  if ok then
    return ...
  end
  error((...), 0)
end

--- Works for a sandbox until it has finished a task; main looks at the keyboard every 10 ms.
local function wait_task(session, task)
  local depth = native.suspend(session)
  local ok, problem = pcall(function()
    while not native.wait_task(session, task, 10) do
      if not vim.in_fast_event() then
        local _, reason = vim.wait(0, never, 1, true)
        if reason == -2 then
          native.cancel(session, task, "interrupted")
          error("threading: interrupted while a thread ran a callback", 0)
        end
      end
    end
  end)
  native.resume(session, depth)
  if not ok then
    error(problem, 0)
  end
  return take(native.take_task(session, task))
end

--- Wraps a function of a sandbox so that the sandbox runs it while main waits (placement "sync").
local function wrap_sync(session, inner, keep, id)
  return function(...)
    local task = invoke(session, id, keep and select("#", ...), ...)
    return wait_task(session, task)
  end
end

-- Names: what both sides have. ----------------------------------------------------------------

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

-- Garbage collection. ---------------------------------------------------------------------------

--- Tells the library after each collection, so that it looks for replicas that are gone.
local function watch()
  local sentinel = newproxy(true)
  getmetatable(sentinel).__gc = function()
    pcall(native.collected)
    watch()
  end
end
watch()

local function load_module(name)
  return require(name)
end

local local_metatable = {
  __name = "threading.local",
  __metatable = false,
  __tostring = function()
    return "threading: a value that stays in its thread"
  end,
  __index = function(_, key)
    error("threading: this value (a coroutine or a built-in function) stays in its thread; cannot read its field '" .. tostring(key) .. "' here", 2)
  end,
  __call = function()
    error("threading: this value (a coroutine or a built-in function) stays in its thread and cannot be called here", 2)
  end,
}

-- 64-bit integers: cdata that cross by value. -----------------------------------------------------

--- Returns the upper and the lower half of a 64-bit integer and whether it is unsigned, nothing for other cdata.
local split_integer
--- Makes a 64-bit integer of its halves.
local join_integer

do
  local has_ffi, ffi = pcall(require, "ffi")
  if has_ffi then
    local band, cast, istype, rshift, tonumber = bit.band, ffi.cast, ffi.istype, bit.rshift, tonumber
    local signed, unsigned = ffi.typeof("int64_t"), ffi.typeof("uint64_t")
    local upper = unsigned(2 ^ 32)

    function split_integer(value)
      local is_unsigned = istype(unsigned, value)
      if is_unsigned or istype(signed, value) then
        local bits = cast(unsigned, value)
        return tonumber(rshift(bits, 32)), tonumber(band(bits, upper - 1)), is_unsigned
      end
    end

    function join_integer(high, low, is_unsigned)
      return cast(is_unsigned and unsigned or signed, upper * high + low)
    end
  else
    function split_integer() end

    function join_integer()
      error("threading: this LuaJIT has no 64-bit integers", 0)
    end
  end
end

-- The deterministic drive. ------------------------------------------------------------------------

--- Keys of each table that is being traversed, in order, and the place of each.
local traversals = setmetatable({}, { __mode = "k" })

--- Whether a key comes before another: numbers, strings, booleans.
local function precedes(a, b)
  local kind, other = type(a), type(b)
  if kind ~= other then
    return kind < other
  end
  if kind == "boolean" then
    return b and not a
  end
  return a < b
end

--- Says an object's type, and of a function where it is defined.
local function description(object)
  if type(object) ~= "function" then
    return type(object)
  end
  local info = debug.getinfo(object, "S")
  return ("function %s:%09d"):format(info.source, info.linedefined)
end

--- Does what `next` does, but in an order that does not depend on the hashing of this LuaJIT, which is random
--- in each process. Keys that are objects come last, by their `description`; for those that have the same one,
--- and for 64-bit integers, the order is that of `next`.
local function ordered_next(object, key)
  local known = traversals[object]
  if key == nil then
    local list, objects = {}, {}
    for each in next, object do
      table.insert(collectable[type(each)] and objects or type(each) == "cdata" and objects or list, each)
    end
    table.sort(list, precedes)
    for i = 2, #objects do
      -- By insertion: it leaves equals where they are.
      local each, j = objects[i], i
      while j > 1 and description(each) < description(objects[j - 1]) do
        objects[j] = objects[j - 1]
        j = j - 1
      end
      objects[j] = each
    end
    for _, each in ipairs(objects) do
      list[#list + 1] = each
    end
    known = { list = list, place = {} }
    for place, each in ipairs(list) do
      known.place[each] = place
    end
    traversals[object] = known
  end
  local place = key == nil and 0 or known.place[key]
  local following = known.list[place + 1]
  if following == nil then
    traversals[object] = nil
    return nil
  end
  return following, rawget(object, following)
end

local dump = string.dump

--- Dumps a function with the entries of its constant tables in order, of which LuaJIT 2.1 knows since 2023.
local function ordered_dump(fn)
  return dump(fn, "d")
end

return {
  handler,
  trace,
  index,
  assign,
  carrier,
  wrap_main,
  wrap_thread,
  wrap_sync,
  names,
  modules,
  refresh,
  load_module,
  local_metatable,
  vim,
  rawget(vim, "_empty_dict_mt") or {},
  vim.NIL,
  function() end,
  package.loaded,
  split_integer,
  join_integer,
  ordered_next,
  ordered_dump,
}
