--- A main without an event loop that looks for messages by itself, with pauses of random length between its moves.

local M = {}

local pump, generator = require("pump"), require("random")

--- Mean microseconds of main's pauses in one schedule; drawn once for each.
local PAUSES = { 0, 0, 3, 10, 30, 100, 300, 1000 }

local hrtime = vim.uv.hrtime
local random, mean, moves

--- After so many moves the pauses are half as long, so that long scenarios end.
local PATIENCE = 100

local function now()
  return hrtime() / 1e6
end

--- Keeps main busy for a while: the threads go on meanwhile.
local function pause()
  moves = moves + 1
  if mean > 0 and random(2) == 1 then
    local finish = hrtime() + random(2 * mean) * 1e3 * PATIENCE / (PATIENCE + moves)
    repeat
    until hrtime() >= finish
  end
end

--- Draws all decisions from a seed from now on.
---@param seed integer
function M.follow(seed)
  random = generator(seed)
  mean, moves = PAUSES[random(#PAUSES)], 0
end

--- Makes this process such a host. Comes before the plugin's first thread.
function M.install()
  local native = assert(require("threading.native").load())
  M.follow(0)
  pump.install(now, function(left, may_post)
    pause()
    -- Whatever is there comes first in half of the cases.
    if may_post and random(2) == 1 and pump.run_posted() then
      return
    end
    native.drain()
    if not (may_post and pump.run_posted()) then
      native.listen(math.max(math.min(left, 1), 0))
    end
  end)
end

return M
