--- Runs scenarios one after the other, for every host of which main is a Neovim.
--- Says `@scenario start NAME SEED` and `@scenario pass NAME` or `@scenario fail NAME MESSAGE` on standard output.

local M = {}

local function say(...)
  local line = table.concat({ ... }, " "):gsub("\\", "\\\\"):gsub("\n", "\\n")
  io.stdout:write("\n@scenario ", line, "\n")
  io.stdout:flush()
end

local function describe(problem)
  return type(problem) == "string" and debug.traceback(problem) or vim.inspect(problem)
end

local names, reports = {}, {}

--- Runs a scenario once; nothing of it reaches the next. Returns what went wrong.
local function attempt(scenario, file)
  reports = {}
  local ok, problem = xpcall(function()
    assert(loadfile(file))(scenario)
  end, describe)
  local late = scenario._finish()
  for key in pairs(_G) do
    if not names[key] then
      _G[key] = nil
    end
  end
  if ok then
    problem = late
  end
  return problem and table.concat({ problem, unpack(reports) }, " ")
end

--- Runs the scenarios that the command line names: `SCHEDULES SEED NAME FILE NAME FILE …`.
---@param words string[]
---@param begin? fun(seed: integer) called before each run; without it each scenario runs once
---@param finish? fun(name: string, seed: integer, problem: string?) called after each run
function M.run(words, begin, finish)
  local schedules, first = tonumber(words[1]), tonumber(words[2])
  local scenario = require("scenario")
  vim.notify = function(message)
    table.insert(reports, message)
  end
  for name in pairs(_G) do
    names[name] = true
  end
  for i = 3, #words, 2 do
    local name, file = words[i], words[i + 1]
    local problem
    for seed = first, begin and first + schedules - 1 or first do
      say("start", name, seed)
      if begin then
        begin(seed)
      end
      problem = attempt(scenario, file)
      if finish then
        finish(name, seed, problem)
      end
      if problem then
        break
      end
    end
    if problem then
      say("fail", name, problem)
    else
      say("pass", name)
    end
  end
end

return M
