--- The host `vm`: everything on one thread, as `drive` says: `nvim -l run.lua SCHEDULES SEED NAME FILE …`.
--- With `$THREADING_TRACE` each run's messages and outcome are appended to the file that it names.

local drive, suite = require("drive"), require("suite")
local native = drive.install()

local trace
local path = vim.env.THREADING_TRACE
if path then
  trace = assert(io.open(path, "a"))
  native.trace(true)
end

suite.run(arg, function(seed)
  drive.follow(drive.seeded(seed))
end, trace and function(name, seed, problem)
  trace:write(native.trace(), ("= %s, seed %d: %s\n"):format(name, seed, problem or "passed"))
  trace:flush()
end)
