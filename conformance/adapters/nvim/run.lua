--- Runs scenarios in this Neovim, one after the other: `nvim -l run.lua NAME FILE NAME FILE …`.
--- Says `@scenario start NAME` and `@scenario pass NAME` or `@scenario fail NAME MESSAGE` on standard output.

local scenario = require("scenario")
local names = {}
for name in pairs(_G) do
  names[name] = true
end

local function say(...)
  local line = table.concat({ ... }, " "):gsub("\\", "\\\\"):gsub("\n", "\\n")
  io.stdout:write("\n@scenario ", line, "\n")
  io.stdout:flush()
end

local reports = {}
vim.notify = function(message)
  table.insert(reports, message)
end

for i = 1, #arg, 2 do
  local name, file = arg[i], arg[i + 1]
  say("start", name)
  reports = {}
  local ok, problem = xpcall(function()
    assert(loadfile(file))(scenario)
  end, function(problem)
    return type(problem) == "string" and debug.traceback(problem) or vim.inspect(problem)
  end)
  local late = scenario._finish()
  if ok and late then
    ok, problem = false, late
  end
  if ok then
    say("pass", name)
  else
    say("fail", name, problem, unpack(reports))
  end
  for key in pairs(_G) do
    if not names[key] then
      _G[key] = nil
    end
  end
end
