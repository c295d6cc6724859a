--- The adapter for one ordinary VM, where sharing is native: `lua one.lua NAME FILE`.
--- A thread's body is a coroutine, a callback is a plain call. What holds here is what the bridge must show.

local name, file = ...
local M = {}
local unpack = unpack

--- What a body yields where posted callbacks may run and it goes on by itself.
local BREATH = {}

local callbacks, posted = {}, {}
local failure

local function pack(...)
  return { n = select("#", ...), ... }
end

--- Runs what has been posted; an error in it fails the scenario.
local function run_posted()
  while posted[1] do
    local one = table.remove(posted, 1)
    local ok, problem = pcall(one.fn, unpack(one.args, 1, one.args.n))
    if not ok then
      failure = failure or problem
    end
  end
end

local Handle = {}
Handle.__index = Handle

local function new_handle(fn, ...)
  return setmetatable({ coroutine = coroutine.create(fn), args = pack(...), waiting = {} }, Handle)
end

--- Runs the body up to its next pause or its end.
function Handle:step()
  if self.results then
    return
  end
  local results
  repeat
    run_posted()
    results = pack(coroutine.resume(self.coroutine, unpack(self.args, 1, self.args.n)))
    -- What the next resumption answers to the pause: whether to raise an error there.
    self.args = pack(nil)
  until results[2] ~= BREATH or coroutine.status(self.coroutine) == "dead"
  if coroutine.status(self.coroutine) == "dead" then
    self.results = results
    run_posted()
    for _, fn in ipairs(self.waiting) do
      fn(unpack(results, 1, results.n))
    end
  end
end

function Handle:join()
  while not self.results do
    self:step()
  end
  return unpack(self.results, 1, self.results.n)
end

function Handle:await(fn)
  table.insert(self.waiting, fn)
end

function Handle:call(fn, ...)
  return new_handle(fn, ...)
end

function Handle:sync()
end

function Handle:is_running()
  return self.results == nil
end

function Handle:cancel(reason)
  self.args = pack({ reason = reason })
end

function M.start(fn, ...)
  return new_handle(fn, ...)
end

M.start_relaxed = M.start

function M.run(fn, ...)
  local results = pack(M.start(fn, ...):join())
  if not results[1] then
    error(results[2], 0)
  end
  return unpack(results, 2, results.n)
end

function M.callback(key, fn)
  callbacks[key] = fn
end

function M.fire(key, ...)
  return callbacks[key](...)
end

function M.on_main(fn, ...)
  return fn(...)
end

function M.post(fn, ...)
  if type(fn) ~= "function" then
    fn = callbacks[fn]
  end
  table.insert(posted, { fn = fn, args = pack(...) })
end

M.settle = run_posted

local function suspend(why)
  local cancelled = coroutine.yield(why)
  if cancelled then
    error(cancelled.reason, 0)
  end
end

function M.pause()
  suspend(nil)
end

function M.breathe()
  suspend(BREATH)
end

function M.collect()
  collectgarbage()
  collectgarbage()
end

assert(loadfile(file))(M)
run_posted()
if failure then
  error(name .. ": in a posted callback: " .. tostring(failure), 0)
end
