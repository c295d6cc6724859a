--- Runs a file of Lua on the host `vm`, under the schedule of a seed: `nvim -l soak.lua SEED FILE`.

local drive = require("drive")
drive.install()
drive.follow(drive.seeded(tonumber(arg[1])))
dofile(arg[2])
