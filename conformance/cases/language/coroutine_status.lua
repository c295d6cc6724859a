--- `coroutine.status`, `running`, `isyieldable`, and resuming what cannot be resumed.

-- On the main coroutine there is none running.
local on_main = coroutine.running() == nil
if on_main then
  assert(select("#", coroutine.running()) == 1 and coroutine.isyieldable() == false)
end

local co
co = coroutine.create(function()
  assert(coroutine.running() == co and coroutine.status(co) == "running" and coroutine.isyieldable() == true)
  local inner = coroutine.create(function()
    assert(coroutine.status(co) == "normal")
    local ok, err = coroutine.resume(co)
    assert(not ok and err == "cannot resume running coroutine", err)
  end)
  assert(coroutine.resume(inner))
  assert(coroutine.status(inner) == "dead")
  local ok, err = coroutine.resume(co)
  assert(not ok and err == "cannot resume running coroutine", err)
  coroutine.yield()
end)
assert(coroutine.status(co) == "suspended")
assert(coroutine.resume(co))
assert(coroutine.status(co) == "suspended")
assert(coroutine.resume(co))
assert(coroutine.status(co) == "dead")

-- After an error it is dead.
co = coroutine.create(error)
local ok, err = coroutine.resume(co, "x")
assert(not ok and err == "x" and coroutine.status(co) == "dead")
ok, err = coroutine.resume(co)
assert(not ok and err == "cannot resume dead coroutine")

-- A wrapped one that resumes itself.
local self
self = coroutine.wrap(function()
  return pcall(self)
end)
ok, err = self()
assert(ok == false and err:find("cannot resume running coroutine", 1, true), err)

-- The messages of wrap carry the position of the caller of an error inside.
local wrapped = coroutine.wrap(function()
  error("inside")
end)
ok, err = pcall(wrapped)
assert(not ok and err:match("coroutine_status%.lua:%d+: inside$"), err)
ok, err = pcall(function()
  coroutine.wrap(error)("inside", 0)
end)
assert(not ok and err:match("^[^\n]*coroutine_status%.lua:%d+: inside$"), "the caller's position is put before a string")
local t = {}
ok, err = pcall(coroutine.wrap(function()
  error(t)
end))
assert(not ok and err == t)

-- yield outside.
if on_main then
  ok, err = pcall(coroutine.yield, 1)
  assert(not ok and err == "attempt to yield across C-call boundary", err)
end

-- There is no close in this dialect.
assert(coroutine.close == nil)

-- The running coroutine is itself a value that can be kept and resumed by others.
local parked
local waiter = coroutine.create(function()
  parked = coroutine.running()
  return coroutine.yield("parked")
end)
coroutine.resume(waiter)
assert(parked == waiter)
ok, err = coroutine.resume(parked, "woken")
assert(ok and err == "woken")

-- In a finished coroutine's debug information nothing is left.
assert(debug.traceback(waiter) == "stack traceback:")
