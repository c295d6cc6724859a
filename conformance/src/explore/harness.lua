--- What a program finds on main, the same for all hosts: callbacks under names, notes, and the end of it all.
--- Called with the tools of `trace.lua`, the callbacks to fire, the table `vim` of main, and the host's function
--- `run(harness, body, …)`, which runs the thread to its end and returns what `pcall` would.

local tools, fires, vim, run = ...
local pack, unpack = tools.pack, unpack or table.unpack
local callbacks, notes = {}, {}
--- What the callback that is fired now has to fill in.
local landing
--- `fired` callbacks so far, which have landed `at` these readings of the clock; -1 when the thread had ended.
local harness = { fired = 0, at = {}, ended = false, limit = #fires }

function vim.x_register(key, fn)
  callbacks[key] = fn
end

function vim.x_landed(n)
  if landing then
    landing.n, landing[1], landing = 1, n, nil
  end
end

function vim.x_note(...)
  local note = pack(...)
  note.label = "note"
  notes[#notes + 1] = note
end

function vim.x_fire(key, ...)
  if not callbacks[key] then
    return "none"
  end
  return callbacks[key](...)
end

--- Whether there is another callback to fire, and it has been registered.
function harness.can_fire()
  local fire = fires[harness.fired + 1]
  return harness.fired < harness.limit and callbacks[fire[1]] ~= nil
end

--- Fires the next callback; one that has not been registered counts as fired.
function harness.fire()
  local number = harness.fired + 1
  harness.fired = number
  local key = fires[number][1]
  local note = { n = 0, label = "fire " .. key }
  notes[#notes + 1] = note
  harness.at[number] = -1
  if not callbacks[key] then
    note.label = "none " .. key
    return
  end
  landing = note
  local results = pack(pcall(callbacks[key], fires[number][2], fires[number][3]))
  harness.lost = harness.lost or landing ~= nil
  landing = nil
  results.label = "gave"
  notes[#notes + 1] = results
  if not harness.ended then
    harness.at[number] = note[1]
  end
end

local H = {}

--- Runs a thread to its end, with callbacks up to a number.
local function run_thread(limit, body, ...)
  harness.limit, harness.ended = limit, false
  local results = pack(run(harness, body, ...))
  harness.ended = true
  while harness.fired < limit do
    harness.fire()
  end
  results.label = "body"
  notes[#notes + 1] = results
  callbacks = {}
end

--- Runs a thread before the last one.
function H.first(body, ...)
  run_thread((#fires - #fires % 2) / 2, body, ...)
end

--- Runs the last thread; `finish` returns what is left to be seen then, the clock in the third place.
function H.run(body, finish, ...)
  run_thread(#fires, body, ...)
  if harness.lost then
    -- A program that was made smaller too boldly.
    error("a callback does not say where it has landed", 0)
  end
  local state = pack(finish())
  state.label = "state"
  notes[#notes + 1] = state
  return tools.trace(notes, #notes), harness.at, state[3]
end

return H
