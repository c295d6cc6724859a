--- The part of the host's side that must be Lua, since functions that yield pass through it.
--- Loaded once by the library, which passes its own functions and its other files; returns a list in the order of
--- `Slot`.

local native, vim, operators, notes, load_names, load_ordered = ...
local enter, exit, invoke = native.enter, native.exit, native.invoke
local error, ipairs, next, pcall, xpcall = error, ipairs, next, pcall, xpcall
local rawequal, rawget, select, setmetatable, type = rawequal, rawget, select, setmetatable, type
local running, resume, status, yield = coroutine.running, coroutine.resume, coroutine.status, coroutine.yield
local traceback = debug.traceback
local names, modules, refresh = load_names(native, vim)
local ordered_next, ordered_dump = load_ordered()

--- The traceback of the last error that `handler` saw, at index 1.
local trace = {}

--- The last error that was seen on its way, and where it comes from: it is raised again at each callback and
--- each operation that it leaves, without the stack on which it was raised at first.
local last = setmetatable({}, { __mode = "v" })

--- Raises an error again that has been seen.
local function raise(err)
  last.is_raised_again = true
  error(err, 0)
end

--- Message handler: notes where an error comes from and leaves it as it is.
local function note(err)
  local is_same = last.is_raised_again and rawequal(err, last.error)
  last.is_raised_again = nil
  if is_same and not last.of_thread then
    return err
  end
  local here = traceback("", 2):gsub("^\n", "")
  if is_same then
    local there = last.of_thread:gsub("^stack traceback:", "stack traceback of the thread:")
    here = there .. "\n" .. here:gsub("^stack traceback:", "stack traceback of main:")
  end
  last.error, last.traceback, last.of_thread = err, here, nil
  return err
end

--- Message handler of host calls: hands the traceback over, and whether the error names the place of the call,
--- which it puts in itself only if this file is that place.
local function handler(err)
  note(err)
  trace[1] = last.traceback
  last.error, last.traceback = nil, nil
  if type(err) == "string" then
    local text, found = err:gsub("^%(threading%):%d+: ", "")
    trace[2] = found == 1
    return text
  end
  trace[2] = false
  return err
end

local function index(object, key)
  return object[key]
end

local function assign(object, key, value)
  object[key] = value
end

local function pass(...)
  return ...
end

--- Calls a function in the way that Lua code does, so that an error can name the place of the call.
local function apply(fn, ...)
  return pass(fn(...))
end

--- Makes a variable of which nobody can say that it never changes.
local function carrier(value)
  return function(new)
    value = new
    return value
  end
end

-- Callbacks: who holds which baton. -----------------------------------------------------------------

--- Stands for the coroutine that is none.
local MAIN = {}

local weak_keys = { __mode = "k" }

--- What the wrappers of one sandbox share. `held[coroutine]` is true while a callback in that coroutine holds
--- the baton, false when it has yielded and holds it no more.
---@class threading.Session
---@field id integer
---@field written threading.Notes
---@field held table<any, boolean>
---@field own? table<function, function> wrappers of main's own functions; weak on both sides: a wrapper has its function

--- By number; a session without wrappers has no callbacks either.
---@type table<integer, threading.Session>
local sessions = setmetatable({}, { __mode = "v" })

--- For each coroutine in which callbacks are under way their sessions, the outermost first.
local under_way = setmetatable({}, weak_keys)

--- The coroutines that hold a baton; not weak, since those that yield unseen must give it back.
local holders = {}

--- What the code of each sandbox has written, by number.
---@type table<integer, threading.Notes>
local written = setmetatable({}, { __mode = "v" })

local make_notes

local function session_of(id)
  local session = sessions[id]
  if not session then
    session = { id = id, held = setmetatable({}, weak_keys), written = written[id] or make_notes(id, {}, true) }
    sessions[id] = session
  end
  return session
end

--- Takes the baton for a callback; false if there is none to take: the sandbox has ended.
local function hold(session, co)
  if not enter(session.id) then
    return false
  end
  local list = under_way[co]
  if not list then
    list = {}
    under_way[co] = list
  end
  list[#list + 1] = session
  session.held[co] = true
  holders[co] = list
  return true
end

local function finish(session, co, ok, ...)
  local list = under_way[co]
  list[#list] = nil
  if #list == 0 then
    holders[co] = nil
  end
  local held = session.held
  local holds = held[co]
  if not holds then
    -- It may have been resumed behind our back.
    holds = enter(session.id)
    session.written[4] = true
  end
  held[co] = nil
  if holds then
    exit(session.id)
  end
  if ok then
    return ...
  end
  raise((...))
end

--- Notes that a function of a sandbox runs, or one of main's own.
local function note_run(keep)
  local all, number = keep.session.written, keep.number
  if number then
    all[2][number] = true
  else
    all[4] = true
  end
end

--- Runs a function as a callback: the thread is parked meanwhile, unless the caller has seen to that already.
--- `keep` says of which sandbox it is and holds the carriers of its variables: they live as long as it does.
local function guard(inner, keep, ...)
  local run = keep.run
  if run then
    return run(keep, ...)
  end
  local session = keep.session
  local co = running() or MAIN
  local held = session.held[co]
  if held then
    note_run(keep)
    return inner(...)
  end
  if held == false and enter(session.id) then
    -- The coroutine was resumed behind our back.
    session.held[co] = true
    holders[co] = under_way[co]
    session.written[4] = true
    return inner(...)
  end
  if held == nil and hold(session, co) then
    note_run(keep)
    if select("#", ...) > 0 then
      session.written[10](...)
    end
    return finish(session, co, xpcall(inner, note, ...))
  end
  -- The sandbox has ended. To others this is code of main's that was handed to a thread.
  for _, all in next, written do
    all[4] = true
  end
  return inner(...)
end

--- Gives back what a coroutine that yields holds.
local function give_back(co, list)
  holders[co] = nil
  for i = #list, 1, -1 do
    local session = list[i]
    if session.held[co] then
      session.held[co] = false
      exit(session.id)
    end
  end
end

local function take_back(co, list, ok, ...)
  for i = 1, #list do
    local session = list[i]
    if not session.held[co] and enter(session.id) then
      session.held[co] = true
      holders[co] = list
      session.written[4] = true
    end
  end
  if ok then
    return ...
  end
  error((...), 0)
end

--- `coroutine.yield`, for which a callback's turn ends here and another begins when it is resumed.
function coroutine.yield(...)
  local co = running()
  local list = co and under_way[co]
  if not list or #list == 0 then
    return yield(...)
  end
  give_back(co, list)
  return take_back(co, list, pcall(yield, ...))
end

--- Gives back what coroutines hold that have yielded past the function above (who keeps it in a variable since
--- before this plugin was loaded does).
local function give_back_unseen()
  for co, list in next, holders do
    if co ~= MAIN and status(co) == "suspended" then
      for _, session in ipairs(list) do
        -- Who resumes it does not tell.
        session.written[5] = true
      end
      give_back(co, list)
    end
  end
end

--- Interrupts the turns of a sandbox that are under way, while main waits for it; returns what `go_on` wants.
local function interrupt(id)
  give_back_unseen()
  local held = sessions[id] and sessions[id].held or {}
  local holding = {}
  for co, holds in next, held do
    if holds then
      holding[#holding + 1] = co
    end
  end
  for _, co in ipairs(holding) do
    held[co] = nil
  end
  return holding
end

--- Undoes `interrupt`.
local function go_on(id, holding)
  local session = sessions[id]
  for _, co in ipairs(session and holding or {}) do
    session.held[co] = true
  end
end

do
  local suspend, resume = native.suspend, native.resume

  --- Gives the baton back while main waits inside a callback; what runs meanwhile takes it anew.
  function native.suspend(id)
    local holding = interrupt(id)
    return { depth = suspend(id), holding = holding }
  end

  --- Undoes `suspend`.
  function native.resume(id, suspended)
    give_back_unseen()
    resume(id, suspended.depth)
    go_on(id, suspended.holding)
  end
end

--- Whether a function is one that a sandbox has made, so that it notes what it writes.
local function is_replica(id, fn)
  local _, first = debug.getupvalue(fn, 1)
  if first ~= guard then
    return false
  end
  local _, keep = debug.getupvalue(fn, 3)
  return type(keep) == "table" and not keep.run and keep.number ~= nil and keep.session.id == id
end

make_notes = notes(is_replica, vim)

--- Makes the notes of a sandbox, see `notes.lua`.
local function begin_notes(id, ids, off)
  local all = make_notes(id, ids, off)
  written[id] = all
  return all
end

--- Returns what runs a wrapped function on main, wherever its placement has it run.
local function on_main(inner, keep)
  keep = keep.keep or keep
  return function(...)
    return guard(inner, keep, ...)
  end
end

--- Wraps a function of main's own that a sandbox hands to Neovim: from there it runs as one of the sandbox's.
local function wrap_own(id, inner)
  local session = session_of(id)
  local wrappers = session.own
  if not wrappers then
    wrappers = setmetatable({}, { __mode = "kv" })
    session.own = wrappers
  end
  local wrapper = wrappers[inner]
  if not wrapper then
    local keep = { session = session }
    wrapper = function(...)
      return guard(inner, keep, ...)
    end
    wrappers[inner] = wrapper
  end
  return wrapper
end

--- Through its first upvalue functions that a callback makes on main get at `guard`, see `rewrite.rs`.
local function guard_carrier()
  return guard
end

-- Wrappers, one for each function of a sandbox. All have the shape of an envelope, see `rewrite.rs`. -----

--- Wraps a function of a sandbox so that it runs on main (placement "main").
local function wrap_main(id, inner, keep, number)
  keep.session, keep.number = session_of(id), number
  return function(...)
    return guard(inner, keep, ...)
  end
end

--- Wraps a function that runs elsewhere: `run(keep, …)` sees to that.
local function wrap_elsewhere(run, id, inner, keep, number)
  keep.session, keep.number = session_of(id), number
  -- A table of its own: what `inner` makes when it does run on main has the other.
  keep = { run = run, id = id, number = number, place = keep.place, keep = keep }
  return function(...)
    return guard(inner, keep, ...)
  end
end

local function post(keep, ...)
  invoke(keep.id, keep.number, select("#", ...), ...)
end

--- Wraps a function of a sandbox so that the sandbox runs it and nobody waits (placement "thread").
local function wrap_thread(...)
  return wrap_elsewhere(post, ...)
end

local function never()
  return false
end

local function take(_, where, ok, ...)
  if ok then
    return ...
  end
  last.error, last.traceback, last.of_thread = (...), nil, where
  raise((...))
end

--- Works for a sandbox until it has finished a task; main looks at the keyboard every 10 ms.
local function wait_task(session, task)
  local suspended = native.suspend(session)
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
  native.resume(session, suspended)
  if not ok then
    error(problem, 0)
  end
  return take(native.take_task(session, task))
end

local function ask(keep, ...)
  return wait_task(keep.id, invoke(keep.id, keep.number, select("#", ...), ...))
end

--- Wraps a function of a sandbox so that the sandbox runs it while main waits (placement "sync").
local function wrap_sync(...)
  return wrap_elsewhere(ask, ...)
end

-- Globals. --------------------------------------------------------------------------------------

--- Makes the environment of functions that find the sandbox's globals behind the host's: they read the
--- host's first and assign where the name is found, else the sandbox's.
local function globals(of_sandbox, all)
  local host = _G
  local environment = setmetatable({}, {
    __index = function(_, key)
      local value = rawget(host, key)
      if value == nil then
        value = of_sandbox[key]
        if value == nil then
          -- Whatever else the host has to say about a name that it does not know.
          value = host[key]
        end
      end
      return value
    end,
    __newindex = function(_, key, value)
      if rawget(host, key) ~= nil then
        host[key] = value
      else
        all[1][of_sandbox][key] = true
        of_sandbox[key] = value
      end
    end,
  })
  names[environment] = "_G"
  return environment
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

local collectgarbage = collectgarbage

local function collect()
  collectgarbage()
end

local function load_module(name)
  return require(name)
end

-- Values that stay in their sandbox. ---------------------------------------------------------------

--- Works for a sandbox until it has done what main waits for. Ctrl-C cancels that, and once more kills the sandbox.
local function wait_operation(session, task)
  local interrupted = false
  while not native.wait_operation(session, task, 10) do
    if not vim.in_fast_event() then
      local _, reason = vim.wait(0, never, 1, true)
      if reason == -2 then
        if interrupted then
          native.kill(session)
        else
          native.cancel(session, task, "interrupted")
        end
        interrupted = true
      end
    end
  end
  return native.take_task(session, task)
end

local function resumed(session, holding, ...)
  go_on(session, holding)
  return take(...)
end

--- Has a sandbox apply an operator and returns the results; nothing else of it runs meanwhile.
local function operate(session, operator, ...)
  local holding = interrupt(session)
  local ok, task = pcall(native.operate, session, operator, ...)
  if not ok then
    go_on(session, holding)
    error(task, 0)
  end
  return resumed(session, holding, wait_operation(session, task))
end

--- For each coroutine that stands for one of a sandbox what asks that.
local stand_ins = setmetatable({}, weak_keys)
--- Those that are being resumed by somebody who understands a refusal.
local patient = setmetatable({}, weak_keys)
local REFUSED = {}

--- Has the resumption of a stand-in fail without ending it.
local function refuse(token, reason)
  if patient[token] then
    return yield(REFUSED, reason)
  end
  -- Who has kept LuaJIT's own `coroutine.resume` learns of errors in no other way.
  error(reason, 0)
end

local function after_resumption(co, ...)
  patient[co] = nil
  if select(2, ...) == REFUSED then
    return false, (select(3, ...))
  end
  return ...
end

local function resume_any(co, ...)
  if stand_ins[co] == nil or patient[co] then
    return resume(co, ...)
  end
  patient[co] = true
  return after_resumption(co, resume(co, ...))
end

local function status_of_any(co)
  local state, ask = status(co), stand_ins[co]
  if state == "suspended" and ask then
    -- A thread that has ended runs it no more.
    local ok, there = pcall(ask, "status", co)
    return ok and there or state
  end
  return state
end

--- Puts two functions in the place of LuaJIT's that know what a stand-in is, as soon as there is one.
local function know_stand_ins()
  if coroutine.resume == resume then
    coroutine.resume, coroutine.status = resume_any, status_of_any
    names[resume_any], names[status_of_any] = "coroutine.resume", "coroutine.status"
  end
end

--- What makes stand-ins of each type, by the number of the sandbox. Two userdata are compared by what their
--- metatables share, so as long as one is there its metatable is what others of the sandbox get.
local made = setmetatable({}, { __mode = "v" })

local function makers(session)
  if not made[session] then
    local function ask(operator, ...)
      return operate(session, operator, ...)
    end
    local metatable = operators.metatable(ask)
    local run = operators.coroutine(ask, refuse)
    made[session] = {
      userdata = function()
        local token = newproxy()
        debug.setmetatable(token, metatable)
        return token
      end,
      ["function"] = function()
        local token
        function token(...)
          return ask("call", token, ...)
        end
        return token
      end,
      thread = function()
        local token
        token = coroutine.create(function(...)
          return run(token, ...)
        end)
        know_stand_ins()
        stand_ins[token] = ask
        return token
      end,
    }
    metatable.makers = made[session]
  end
  return made[session]
end

--- Ends what stands for a coroutine that has come to its end in its sandbox.
local function end_stand_in(co)
  if status(co) == "suspended" then
    resume(co, operators.END)
  end
end

--- Makes what stands for a value of a sandbox, of the same type.
local function stand_in(session, kind)
  return makers(session)[kind]()
end

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

local funcinfo = require("jit.util").funcinfo
local resumption = funcinfo(coroutine.wrap(handler)).ffid

--- Whether a native function is one that `coroutine.wrap` has made: it hands its arguments to Lua.
local function resumes(fn)
  return funcinfo(fn).ffid == resumption
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
  stand_in,
  vim,
  rawget(vim, "_empty_dict_mt") or {},
  vim.NIL,
  function() end,
  package.loaded,
  split_integer,
  join_integer,
  ordered_next,
  ordered_dump,
  give_back_unseen,
  guard_carrier,
  on_main,
  wrap_own,
  globals,
  operators.operators,
  collect,
  end_stand_in,
  apply,
  begin_notes,
  resumes,
}
