--- A function of main that the thread hands to a coroutine of main is the same function there.
local scenario = ...

local function f() end
local found = { [f] = "found" }
local co = coroutine.create(function(given)
  assert(given == f and found[given] == "found")
  found[given] = nil
  given = coroutine.yield(given)
  assert(given == f)
  return given
end)
local same
local wrapped = coroutine.wrap(function(given)
  same = given == f
  return given
end)
scenario.run(function()
  assert(wrapped(f) == f and same)
  local ok, back = coroutine.resume(co, f)
  assert(ok and back == f, back)
  assert(next(found) == nil)
  ok, back = coroutine.resume(co, back)
  assert(ok and back == f, back)
end)
assert(next(found) == nil)
