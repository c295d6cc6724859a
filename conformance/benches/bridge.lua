--- Measures the bridge inside Neovim: run by `cargo bench -p conformance --bench bridge`.
local sandbox = require("threading.sandbox")

local function microseconds(n, run)
  local before = vim.uv.hrtime()
  run(n)
  return (vim.uv.hrtime() - before) / 1e3 / n
end

local function median(times, run)
  local all = {}
  for i = 1, times do
    all[i] = run()
  end
  table.sort(all)
  return all[math.ceil(times / 2)]
end

local function row(what, value, unit, note)
  io.write(("| %s | %.2f %s | %s |\n"):format(what, value, unit, note or ""))
end

local function in_thread(fn, ...)
  local results = { sandbox.start(fn, { ... }):join(60000) }
  assert(results[1], tostring(results[2]))
  return unpack(results, 2)
end

io.write("| what | cost | compared |\n|---|---|---|\n")

-- A host call from a thread that does nothing else, one after the other.
local calls = {}
for i = 1, 5 do
  calls[i] = in_thread(function()
    local get = vim.api.nvim_get_current_buf
    for _ = 1, 1000 do
      get()
    end
    local before = vim.uv.hrtime()
    for _ = 1, 20000 do
      get()
    end
    return (vim.uv.hrtime() - before) / 1e3 / 20000
  end)
end
table.sort(calls)
row("a host call, hot", calls[3], "µs", ("%.0f times faster than threading.nvim's 180 µs"):format(180 / calls[3]))

-- Many calls in one trip.
local trip = in_thread(function()
  local function thousand()
    for _ = 1, 1000 do
      vim.api.nvim_get_current_buf()
    end
  end
  vim.run_on_main_thread(thousand)
  local before = vim.uv.hrtime()
  for _ = 1, 100 do
    vim.run_on_main_thread(thousand)
  end
  return (vim.uv.hrtime() - before) / 1e3 / 100
end)
row("1000 API calls in one `run_on_main_thread`", trip, "µs")

-- 10,000 lines.
local lines = {}
for i = 1, 10000 do
  lines[i] = ("line %d of the buffer, some fifty bytes of text long"):format(i)
end
local buffer = vim.api.nvim_create_buf(false, true)
local direct = median(15, function()
  return microseconds(1, function()
    vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  end)
end)
local from_thread = in_thread(function(buffer)
  local lines = {}
  for i = 1, 10000 do
    lines[i] = ("line %d of the buffer, some fifty bytes of text long"):format(i)
  end
  local all = {}
  for i = 1, 15 do
    local before = vim.uv.hrtime()
    vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
    all[i] = (vim.uv.hrtime() - before) / 1e3
  end
  table.sort(all)
  return all[8]
end, buffer)
row("`nvim_buf_set_lines` of 10,000 lines, on main", direct / 1e3, "ms")
row("the same from a thread", from_thread / 1e3, "ms", ("%.2f times the direct call"):format(from_thread / direct))

-- A callback on main with a variable of the thread, parked and busy.
local callback
local thread = sandbox.start(function()
  local n = 0
  callback = function()
    n = n + 1
    return n
  end
  vim.uv.sleep(1e9)
end)
vim.wait(5000, function()
  thread:sync()
  return callback
end, 5)
callback()
row("a callback on main, thread waiting", microseconds(20000, function(n)
  for _ = 1, n do
    callback()
  end
end), "µs")
thread:kill()
local busy_callback
local thread = sandbox.start(function()
  local n = 0
  busy_callback = function()
    n = n + 1
    return n
  end
  while true do end
end)
vim.wait(5000, function()
  thread:sync()
  return busy_callback
end, 5)
local waits = {}
for i = 1, 500 do
  vim.uv.sleep(1) -- the thread is computing again
  local before = vim.uv.hrtime()
  busy_callback()
  waits[i] = (vim.uv.hrtime() - before) / 1e3
end
table.sort(waits)
row("the same, thread computing", waits[250], "µs", ("99 of 100 below %.0f µs"):format(waits[495]))
thread:kill()

local here = debug.getinfo(1, "S").source:match("^@(.*)bridge%.lua$")
assert(loadfile(here .. "callbacks.lua"))(row)

row("starting a thread and joining it", median(21, function()
  return microseconds(1, function()
    in_thread(function() return 1 end)
  end)
end), "µs")
