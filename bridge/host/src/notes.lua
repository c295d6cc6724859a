--- What a sandbox's code writes on main is noted here, by the instructions that `writes.rs` adds to it.
--- Loaded once by the library; returns what makes the notes of one sandbox and says which native functions
--- write nothing that could be shared.

local is_replica, vim = ...
local getfenv, next, pairs, rawget, rawset, setmetatable, type =
  getfenv, next, pairs, rawget, rawset, setmetatable, type
local select = select
local byte = string.byte
local metatable_of = debug.getmetatable

--- So many notes are kept for one turn; more, and all that is shared is compared.
local LIMIT = 10000

--- What `calls` holds for functions that note what they write, or write nothing: every lookup gives nil.
local HARMLESS = {}

local weak_keys = { __mode = "k" }

--- Fields of the notes of a sandbox; index as in `written.rs`.
---@class threading.Notes
---@field [1] table<table, table> written keys by table
---@field [2] table<integer, true> the functions of the sandbox that have run, by id
---@field [3] table<table, true> tables of which anything may have been written
---@field [4] boolean? code has run that notes nothing
---@field [5] boolean? a metamethod may be such code, for ever
---@field [6] integer the number of notes
---@field [7] boolean? nothing is to be noted any more
---@field [8] function begins anew with empty tables
---@field [9] function its upvalues are `notes` and `calls`
---@field [10] function looks at a callback's arguments
local NOTES, RAN, WHOLE, ANYTHING, ALWAYS, COUNT, OFF = 1, 2, 3, 4, 5, 6, 7

--- Native functions by what they do: "nothing" that could be shared, or what their first argument says: it is
--- "written" (at its end alone by a call with two arguments: "appended") or "called".
local natives = setmetatable({}, weak_keys)

do
  local kinds = {
    nothing = {
      [_G] = {
        "assert", "error", "getmetatable", "ipairs", "next", "pairs", "print", "rawequal", "rawget", "rawlen",
        "select", "tonumber", "tostring", "type", "unpack",
      },
      [math] = {
        "abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod", "frexp",
        "ldexp", "log", "log10", "max", "min", "modf", "pow", "rad", "random", "randomseed", "sin", "sinh", "sqrt",
        "tan", "tanh",
      },
      [bit] = {
        "arshift", "band", "bnot", "bor", "bswap", "bxor", "lshift", "rol", "ror", "rshift", "tobit", "tohex",
      },
      [string] = {
        "byte", "char", "find", "format", "len", "lower", "match", "rep", "reverse", "sub", "upper",
      },
      [table] = { "concat", "maxn" },
      [os] = { "clock", "date", "difftime", "getenv", "time" },
      [vim] = { "schedule", "in_fast_event" },
      [vim.uv or vim.loop or {}] = { "hrtime", "now" },
      [vim.api or {}] = {
        "nvim_buf_get_changedtick", "nvim_buf_get_lines", "nvim_buf_get_mark", "nvim_buf_get_name",
        "nvim_buf_get_offset", "nvim_buf_get_text", "nvim_buf_is_loaded", "nvim_buf_is_valid",
        "nvim_buf_line_count", "nvim_get_current_buf", "nvim_get_current_line", "nvim_get_current_tabpage",
        "nvim_get_current_win", "nvim_get_mode", "nvim_list_bufs", "nvim_list_tabpages", "nvim_list_wins",
        "nvim_strwidth", "nvim_tabpage_get_win", "nvim_tabpage_is_valid", "nvim_tabpage_list_wins",
        "nvim_win_get_buf", "nvim_win_get_cursor", "nvim_win_get_height", "nvim_win_get_position",
        "nvim_win_get_width", "nvim_win_is_valid",
      },
    },
    written = { [table] = { "remove" } },
    appended = { [table] = { "insert" } },
    called = { [_G] = { "pcall" } },
  }
  local function is_native(fn)
    -- What a user has put in its place is another function.
    return type(fn) == "function" and debug.getinfo(fn, "S").what == "C"
  end
  for kind, libraries in pairs(kinds) do
    for library, list in pairs(libraries) do
      for _, name in pairs(list) do
        local fn = rawget(library, name)
        if is_native(fn) then
          natives[fn] = kind
        end
      end
    end
  end
  local iterator = ipairs({})
  if is_native(iterator) then
    natives[iterator] = "nothing"
  end
end

--- Whether a key may be the name of a metamethod.
local function is_metamethod(key)
  if type(key) ~= "string" then
    return false
  end
  local first, second = byte(key, 1, 2)
  return first == 95 and second == 95
end

--- Types of values that do nothing by themselves; a call of a function is looked at where it happens.
local is_plain = { ["nil"] = true, boolean = true, number = true, string = true, ["function"] = true }

--- Whether a table has nothing but plain values, few of them.
local function is_plain_table(object)
  local count = 0
  for _, value in next, object do
    count = count + 1
    if count > 32 or not is_plain[type(value)] then
      return false
    end
  end
  return metatable_of(object) == nil
end

--- Makes the notes of a sandbox. `ids` has what it shares as keys; with `off` nothing is noted, since all is
--- compared anyway.
---@param session integer
---@param ids table
---@param off? boolean
---@return threading.Notes
return function(session, ids, off)
  local all = { [COUNT] = 0, [OFF] = off or nil }
  local calls, of_kind = {}, { nothing = HARMLESS }

  --- Returns what `calls` holds for a function, nothing if it may write what it likes unseen.
  local function kind_of(callee)
    local known = rawget(calls, callee)
    if known == nil then
      known = of_kind[natives[callee]]
      if not known and type(callee) == "function" and is_replica(session, callee) then
        known = HARMLESS
      end
      if known then
        rawset(calls, callee, known)
      end
    end
    return known
  end

  -- Of tables that the sandbox does not know nothing is noted: who shares one later sends all of it.
  local unknown = setmetatable({}, {
    __newindex = function(_, key)
      if is_metamethod(key) then
        all[ALWAYS] = true
      end
    end,
  })

  local keys = {
    __newindex = function(set, key)
      if key == nil or key ~= key then
        return -- the store itself fails, or asks a metamethod
      end
      if is_metamethod(key) then
        all[ALWAYS] = true
      end
      local count = all[COUNT] + 1
      all[COUNT] = count
      if count > LIMIT then
        all[ANYTHING] = true
        return
      end
      rawset(set, key, true)
    end,
  }

  --- Looks at what a store to a table may do besides; returns whether the sandbox knows the table.
  local function look_at(object)
    if type(object) ~= "table" then
      all[ANYTHING] = true
      return false
    end
    local metatable = metatable_of(object)
    local handler = metatable and rawget(metatable, "__newindex")
    if handler ~= nil and kind_of(handler) ~= HARMLESS then
      all[ANYTHING] = true
    end
    return ids[object] ~= nil
  end

  local of_notes = {
    __index = function(notes, object)
      if all[OFF] then
        return unknown
      end
      local set = unknown
      if look_at(object) then
        set = setmetatable({}, keys)
      end
      if type(object) == "table" then
        all[COUNT] = all[COUNT] + 1
        rawset(notes, object, set)
      end
      return set
    end,
  }

  local whole = setmetatable({}, {
    __index = function(_, object)
      if object ~= nil and not all[OFF] and look_at(object) then
        all[COUNT] = all[COUNT] + 1
        all[WHOLE][object] = true
      end
    end,
  })

  local called = setmetatable({}, {
    __index = function(_, object)
      if object ~= nil and kind_of(object) ~= HARMLESS then
        all[ANYTHING] = true
      end
    end,
  })

  -- A metamethod runs where nobody looks: if it notes nothing, all is compared from now on.
  local metamethods = setmetatable({}, {
    __index = function(_, object)
      if type(object) == "function" and kind_of(object) ~= HARMLESS then
        all[ALWAYS] = true
      end
    end,
  })

  local notes

  local appended = setmetatable({}, {
    __index = function(_, object)
      if type(object) == "table" and metatable_of(object) == nil then
        notes[object][#object + 1] = true
      else
        return whole[object]
      end
    end,
  })

  --- The same as `calls` for calls with two arguments.
  local calls_of_two = setmetatable({}, {
    __mode = "k",
    __index = function(known, callee)
      local found = calls[callee]
      if natives[callee] == "appended" then
        found = appended
      end
      if rawget(calls, callee) ~= nil then
        rawset(known, callee, found)
      end
      return found
    end,
  })

  of_kind.written, of_kind.appended, of_kind.called = whole, whole, called
  calls[0], calls[1], calls[3] = metamethods, whole, calls_of_two
  setmetatable(calls, {
    __mode = "k",
    __index = function(_, callee)
      if callee == 2 then
        -- An assignment of a global variable of the function that looks this up.
        local environment = getfenv(2)
        return ids[environment] ~= nil and whole[environment] or nil
      end
      if all[ANYTHING] or all[OFF] then
        return HARMLESS
      end
      local known = callee ~= nil and kind_of(callee)
      if not known then
        all[ANYTHING] = true
        return HARMLESS
      end
      return known
    end,
  })

  all[8] = function()
    notes = setmetatable({}, of_notes)
    all[NOTES], all[RAN], all[WHOLE], all[COUNT] = notes, {}, {}, 0
  end
  all[8]()
  all[9] = function()
    return notes, calls
  end

  --- Looks at what a callback was called with: an object that the sandbox does not know may do anything.
  all[10] = function(...)
    for n = 1, select("#", ...) do
      local value = select(n, ...)
      local kind = type(value)
      if not is_plain[kind] and not (kind == "table" and (ids[value] ~= nil or is_plain_table(value))) then
        all[ANYTHING] = true
      end
    end
  end
  return all
end
