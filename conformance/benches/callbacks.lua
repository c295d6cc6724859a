--- Measures what a callback of a waiting thread costs on main, against the same function that is main's own.
--- Called by `bridge.lua` with what writes a row.
local row = ...
local sandbox = require("threading.sandbox")

--- How often each is called in a round, and how many rounds there are; the two take turns.
local CALLS, ROUNDS = 2000, 15

--- Calls a function of a thread and the same of main by turns; returns the medians in µs.
local function compare(in_thread, native)
  local times = { {}, {} }
  for round = 1, ROUNDS do
    for which, fn in ipairs({ in_thread, native }) do
      local before = vim.uv.hrtime()
      for _ = 1, CALLS do
        fn()
      end
      times[which][round] = (vim.uv.hrtime() - before) / 1e3 / CALLS
    end
  end
  table.sort(times[1])
  table.sort(times[2])
  local middle = math.ceil(ROUNDS / 2)
  return times[1][middle], times[2][middle]
end

--- Has a thread hand out the function that `make` makes of a table; `make` runs in the thread and on main.
--- `others` tables of ten entries are shared besides.
local function case(what, make, entries, others)
  local callback
  local thread = sandbox.start(function()
    local shared, besides = {}, {}
    for i = 1, entries do
      shared[i] = i
    end
    for i = 1, others do
      besides[i] = { i, 2, 3, 4, 5, 6, 7, 8, 9, 10 }
    end
    local fn = make(shared)
    vim.run_on_main_thread(function()
      callback = fn
      vim.threading_bench = { shared, besides } -- both live as long as the thread does
    end)
    vim.uv.sleep(1e9)
  end)
  assert(vim.wait(20000, function()
    thread:sync()
    return callback
  end, 5), "the thread hands nothing out")
  local own = {}
  for i = 1, entries do
    own[i] = i
  end
  local cost, native = compare(callback, make(own))
  row(what, cost, "µs", ("%.0f times the same function of main's (%.3f µs)"):format(cost / native, native))
  thread:kill()
  vim.threading_bench = nil
  vim.wait(20000, function()
    return not thread:is_running()
  end, 1)
  collectgarbage()
  collectgarbage()
end

local function two_cells()
  local a, b = 0, 0
  return function()
    a = a + 1
    b = b + 2
  end
end

local function one_field(shared)
  return function()
    shared[5000] = (shared[5000] or 0) + 1
  end
end

local function new_keys(shared)
  local n = 0
  return function()
    n = n % 1000 + 1
    shared[n] = shared[n] == n and -n or n
  end
end

case("a callback that writes two variables", two_cells, 0, 0)
case("the same, 100 shared tables besides", two_cells, 0, 100)
case("a callback that writes one field of a table of 10,000", one_field, 10000, 0)
case("the same, 100 shared tables besides", one_field, 10000, 100)
local function append(shared)
  local list = {}
  shared.list = list
  return function()
    table.insert(list, 1)
  end
end

case("a callback that appends to a list", append, 0, 100)
case("a callback that writes now one, now another field of it", new_keys, 10000, 0)
