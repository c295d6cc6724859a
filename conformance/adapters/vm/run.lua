--- The host `vm`: everything on one thread, as `drive` says: `nvim -l run.lua SCHEDULES SEED NAME FILE …`.

local drive = require("drive")
drive.install()
require("suite").run(arg, function(seed)
  drive.follow(drive.seeded(seed))
end)
