--- The host that is one VM: the thread is a call, and a callback is a call at the tick where the schedule puts it.
--- Called with the functions of `trace.lua` and `harness.lua`, the callbacks to fire, what each is due at (a
--- reading of the clock, or -1 for the end), and the program's chunk. Returns the clock's last reading and the trace.

local make_tools, make_harness, fires, at, chunk = ...
local tools = make_tools()

if not jit then
  -- piccolo counts garbage and collects it when it likes.
  collectgarbage = function() end
end

vim = {
  run_on_main_thread = function(fn, ...)
    return fn(...)
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
  harness.fire()
end

local H = make_harness(tools, fires, vim, function(its_harness, body, ...)
  harness = its_harness
  DUE = at[harness.fired + 1] or false
  local results = tools.pack(pcall(body, ...))
  DUE = false
  return (unpack or table.unpack)(results, 1, results.n)
end)

local before = count_globals()
local trace, _, clock = chunk(H)
G1, G2 = nil, nil
if count_globals() ~= before then
  -- A program that was made smaller too boldly: threads have globals of their own.
  error("it has a global variable", 0)
end
local text = clock .. "\n" .. trace
if io then
  io.write(text)
end
return text
