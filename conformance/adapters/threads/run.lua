--- The host `threads`: real threads and a plain main, as `plain_main` says: `nvim -l run.lua SCHEDULES SEED NAME FILE …`.

local main = require("plain_main")
main.install()
require("suite").run(arg, main.follow)
