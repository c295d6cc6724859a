--- The deterministic host: main and its sandboxes take turns on one thread, in virtual time.
---
--- The library is the real one, and so is the sandbox; but no worker thread runs it (`native.drive("inline")`).
--- Whenever main waits (`vim.wait`, and with it `join` and the adapter), one *move* is made after the other:
---
---   "step"   a sandbox gets a turn of so many units of fuel
---   "take"   main deals with the message that has waited longest
---   "posted" main calls what `vim.schedule` was given first
---
--- Only when none of them is possible does time pass, up to the next sleep or the end of the wait.
--- Between two steps the sandbox is parked at a safe point, so fuel decides where a callback on main lands.
--- Every decision is asked of one function, the schedule: `choose(what, options)`, which is given
---
---   "units"            and returns the fuel of a step, 0 or more: 0 only applies what main has sent
---   "move", names      and returns the index of one of them; not asked where there is only one
---   "sandbox", count   and returns the number of one that can run; not asked where there is only one
---   "collect", when    before each move ("move") and each callback that main calls ("callback"), and returns
---                      whether main collects its garbage first
---
--- What a collection has found is told to the sandboxes as soon as no message waits for main, as in Neovim.
---
--- The same answers give the same run, byte for byte (`native.trace`). So a schedule can be a seed
--- (`M.seeded`), a list, or a search.

local M = {}

local pump, generator = require("pump"), require("random")

--- Steps after which the seeded schedule doubles its slices, so that long loops end.
local PATIENCE = 2000

--- Mean fuel of a step in one schedule; drawn once for each.
local SCALES = { 1, 2, 4, 10, 30, 100, 400, 2000 }

local time = 0
local choose
local native
--- Main has collected garbage since the sandboxes were last told.
local has_collected = false

--- At most so many callbacks that main calls come between two collections of its garbage, half as many on average:
--- what lies about must not grow with the length of a run.
local GARBAGE = 150

--- Returns the schedule of a seed.
---@param seed integer
function M.seeded(seed)
  local random, steps = generator(seed), 0
  local scale = SCALES[random(#SCALES)]
  -- The moves do not depend on how often main calls.
  local of_callbacks, left = generator(seed), 0
  return function(what, options)
    if what == "units" then
      steps = steps + 1
      return random(2 * scale) * 2 ^ math.min(math.floor(steps / PATIENCE), 16)
    elseif what == "move" then
      return random(#options)
    elseif what == "sandbox" then
      return random(options)
    end
    if options == "callback" then
      left = (left > 0 and left or of_callbacks(GARBAGE)) - 1
      return left == 0
    end
    return random(100) == 1
  end
end

--- Follows a schedule from now on.
---@param schedule fun(what: string, options: any): any
function M.follow(schedule)
  choose = schedule
end

--- Makes one move, or lets time pass if none is possible.
local function move(left, may_post)
  if choose("collect", "move") then
    collectgarbage()
  end
  local ready, messages, sleep = native.look()
  if has_collected and messages == 0 then
    native.take()
    has_collected = false
    ready, messages, sleep = native.look()
  end
  local names = {}
  if ready > 0 then
    names[#names + 1] = "step"
  end
  if messages > 0 then
    names[#names + 1] = "take"
  end
  if may_post and pump.has_posted() then
    names[#names + 1] = "posted"
  end
  local name = names[names[2] and choose("move", names) or 1]
  if name == "step" then
    native.step(choose("units"), ready > 1 and choose("sandbox", ready) - 1 or 0)
  elseif name == "take" then
    native.take()
  elseif name == "posted" then
    pump.run_posted()
  else
    -- Batons of callbacks that have yielded, and releases, may still move something.
    native.take()
    ready, messages = native.look()
    if ready == 0 and messages == 0 then
      local pass = math.max(math.min(sleep or left, left), 0)
      time = time + pass
      native.pass(pass)
    end
  end
end

--- Returns a `tostring` that shows, instead of an object's address, how many objects were shown before it.
local function without_addresses(tostring)
  local serials, count = setmetatable({}, { __mode = "k" }), 0
  return function(value)
    local text = tostring(value)
    local kind = type(text) == "string" and text:match("^(%a+): 0x%x+$")
    if not kind or kind ~= type(value) then
      return text
    end
    if not serials[value] then
      count = count + 1
      serials[value] = count
    end
    return ("%s: 0x%08x"):format(kind, serials[value])
  end
end

--- Makes this process such a host. Comes before the plugin's first thread.
---@return threading.Native
function M.install()
  -- The compiler counts by address; and collections come where the schedule puts them.
  jit.off()
  tostring = without_addresses(tostring) -- luacheck: ignore
  local traceback = debug.traceback
  function debug.traceback(...)
    local text = traceback(...)
    return type(text) == "string" and text:gsub("at 0x%x+", "at 0x0") or text
  end
  local collect = collectgarbage
  collect("stop")
  function collectgarbage(what, ...) -- luacheck: ignore
    local result = collect(what, ...)
    if what == nil or what == "collect" then
      -- A full collection has started the automatic ones again.
      collect("stop")
      has_collected = true
    end
    return result
  end
  native = assert(require("threading.native").load())
  native.drive("inline")
  local enter = native.enter
  function native.enter(id)
    if choose("collect", "callback") then
      collectgarbage()
    end
    return enter(id)
  end
  pump.install(function()
    return time
  end, move)
  M.follow(M.seeded(0))
  return native
end

return M
