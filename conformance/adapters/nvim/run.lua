--- The host `nvim`: main is this Neovim, with its own event loop: `nvim -l run.lua SCHEDULES SEED NAME FILE …`.

require("suite").run(arg)
