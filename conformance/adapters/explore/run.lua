--- Runs generated programs in this Neovim, as `sandbox explore` asks on standard input:
--- `nvim -l run.lua HOST FOLDER`, with the folder in which `trace.lua` and `harness.lua` lie.
---
--- A request is a line `NUMBER-OF-SCHEDULES LENGTH LENGTH`, a line for each schedule, and so many bytes of two
--- chunks: the callbacks to fire, and the program. For each schedule the answer is a line `@run LENGTH` and so
--- many bytes: `!` and what went wrong, or the readings of the clock at which the callbacks have landed, in one
--- line, and the trace.
---
--- A schedule is `seed N`, or (host `vm` only) `moves N N …`: so many moves of one unit of fuel before the first
--- callback is fired, before the second, and so on.

local host, folder = arg[1], arg[2]
local tools = dofile(folder .. "/trace.lua")
local make_harness = assert(loadfile(folder .. "/harness.lua"))
local drive = host == "vm" and require("drive")
local plain_main = host == "threads" and require("plain_main")
if host ~= "nvim" then
  (drive or plain_main).install()
end
local pump = require("pump")
local sandbox = require("threading.sandbox")

--- How long a program may take, in milliseconds.
local LIMIT = 8000

local reports = {}
vim.notify = function(message)
  table.insert(reports, message)
end

--- A schedule that fires after so many moves each time, and else lets the thread run.
local function after(moves, state)
  local number, left = 1, moves[1]
  return function(what, names)
    if what == "units" then
      return 1
    elseif what == "move" then
      local posted
      for index, name in ipairs(names) do
        posted = name == "posted" and index or posted
      end
      local harness = state.harness
      if harness and harness.fired + 1 ~= number then
        number = harness.fired + 1
        left = moves[number]
      end
      if not posted or (left or 1) > 0 or not harness.can_fire() then
        left = left and left - 1
        return 1
      end
      return posted
    elseif what == "sandbox" then
      return 1
    end
    return false
  end
end

--- Fires callbacks from the loop in which main waits on other hosts, which decides when.
local function fire_posted(harness, thread, count)
  local function post()
    vim.schedule(function()
      if thread:is_running() then
        if harness.can_fire() then
          harness.fire()
        end
        if harness.fired < count then
          post()
        end
      end
    end)
  end
  if count > 0 then
    post()
  end
end

--- Fires callbacks at moments that nobody can foresee.
local function fire_at_random(harness, thread, count)
  local clock = vim.uv.hrtime
  local deadline = clock() + LIMIT * 1e6
  while thread:is_running() and harness.fired < count and clock() < deadline do
    local choice = math.random(4)
    if choice == 1 then
      vim.wait(1, function()
        return not thread:is_running()
      end, 1)
    elseif choice == 2 then
      vim.wait(0)
    else
      local until_then = clock() + math.random(250) * 1000
      while clock() < until_then do
      end
    end
    if harness.can_fire() then
      harness.fire()
    elseif choice > 2 then
      -- Only the main loop registers it.
      vim.wait(0)
    end
  end
end

local function run_once(fires, program, schedule)
  local state = {}
  local kind, rest = schedule:match("^(%a+) ?(.*)$")
  if kind == "seed" then
    math.randomseed(tonumber(rest))
    if drive then
      drive.follow(drive.seeded(tonumber(rest)))
    elseif plain_main then
      plain_main.follow(tonumber(rest))
    end
  elseif drive then
    local moves = {}
    for number in rest:gmatch("%d+") do
      table.insert(moves, tonumber(number))
    end
    drive.follow(after(moves, state))
  end
  reports = {}
  local H = make_harness(tools, fires, vim, function(harness, body, ...)
    state.harness = harness
    local thread = sandbox.start(body, tools.pack(...), { name = "explored" })
    -- Somebody waits for it, so its failure is no news.
    thread:await(function() end)
    if host ~= "nvim" then
      fire_posted(harness, thread, harness.limit)
    else
      fire_at_random(harness, thread, harness.limit)
    end
    local results = tools.pack(thread:join(LIMIT))
    if results[1] == nil then
      error("the thread does not end", 0)
    end
    return unpack(results, 1, results.n)
  end)
  local trace, at = program(H)
  for _, report in ipairs(reports) do
    trace = trace .. "report " .. tostring(report) .. "\n"
  end
  return table.concat(at, " ") .. "\n" .. trace
end

local function answer(text)
  io.stdout:write("@run ", #text, "\n", text, "\n")
  io.stdout:flush()
end

local globals = {}
for name in pairs(_G) do
  globals[name] = true
end

--- Ends a run: nothing of it may remain.
local function clean()
  local stopped = sandbox.stop_all(5000)
  while pump.run_posted() do
  end
  for name in pairs(_G) do
    if not globals[name] then
      _G[name] = nil
    end
  end
  return stopped
end

for line in io.stdin:lines() do
  local schedules, fires_length, program_length = line:match("^(%d+) (%d+) (%d+)$")
  local names = {}
  for i = 1, tonumber(schedules) do
    names[i] = io.stdin:read("*l")
  end
  local fires = assert(loadstring(io.stdin:read(tonumber(fires_length)), "=fires"))()
  local program, problem = loadstring(io.stdin:read(tonumber(program_length)), "=program")
  for _, schedule in ipairs(names) do
    local ok, text = false, problem
    if program then
      ok, text = pcall(run_once, fires, program, schedule)
    end
    if not clean() then
      ok, text = false, "its threads do not end"
    end
    answer(ok and text or "!" .. tostring(text))
  end
end
