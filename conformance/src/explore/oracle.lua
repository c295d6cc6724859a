--- The host that is one VM: the thread is a call, and a callback is a call at the tick where the schedule puts it.
--- Called with the functions of `trace.lua` and `harness.lua`, the callbacks to fire, what each is due at (a
--- reading of the clock, or -1 for the end), and the program's chunk. Returns the clock's last reading and the trace.

local make_tools, make_harness, fires, at, chunk = ...
local tools = make_tools()

if not jit then
  -- piccolo counts garbage and collects it when it likes.
  collectgarbage = function() end

  -- Its `pcall` does not catch that what it shall call cannot be called.
  local pcall_function = pcall
  local function call(fn, ...)
    return fn(...)
  end
  pcall = function(...)
    return pcall_function(call, ...)
  end
end

--- How many functions are under way that run on main.
local on_main = 0

local function after_main(ok, ...)
  on_main = on_main - 1
  if not ok then
    error((...), 0)
  end
  return ...
end

vim = {
  run_on_main_thread = function(fn, ...)
    on_main = on_main + 1
    return after_main(pcall(fn, ...))
  end,
  uv = {
    sleep = function() end,
  },
}

local harness
DUE = false

local function count_globals()
  if not _G then
    -- piccolo has no such variable.
    return 0
  end
  local count, key = 0, next(_G)
  while key ~= nil do
    count = count + 1
    key = next(_G, key)
  end
  return count
end

function FIRE()
  DUE = at[harness.fired + 2] or false
  on_main = on_main + 1
  harness.fire()
  on_main = on_main - 1
end

local H = make_harness(tools, fires, vim, function(its_harness, body, ...)
  harness = its_harness
  DUE = at[harness.fired + 1] or false
  local results = tools.pack(pcall(body, ...))
  DUE = false
  return (unpack or table.unpack)(results, 1, results.n)
end)

local boldly = false
for _, name in ipairs({ "x_register", "x_landed", "x_note", "x_fire" }) do
  local fn = vim[name]
  vim[name] = function(...)
    -- A program that was made smaller too boldly: to a thread these are calls to the host.
    boldly = boldly or on_main == 0 and not harness.ended
    return fn(...)
  end
end

local before = count_globals()
local trace, _, clock = chunk(H)
G1, G2 = nil, nil
if count_globals() ~= before then
  -- Threads have globals of their own.
  error("it has a global variable", 0)
end
if boldly then
  error("the thread calls a function of main", 0)
end
local text = clock .. "\n" .. trace
if io then
  io.write(text)
end
return text
