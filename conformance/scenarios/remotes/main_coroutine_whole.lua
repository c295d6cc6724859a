--- The thread resumes main's coroutine to its end: type, status, values, nils, tables, the error behind it.
local scenario = ...

local t = {}
local co = coroutine.create(function(a, b, ...)
  assert(a == 1 and b == nil and select("#", ...) == 1)
  local x = coroutine.yield(nil, t, nil)
  assert(x == t)
  t.resumed = true
  return "end", nil
end)
scenario.run(function()
  assert(type(co) == "thread" and coroutine.status(co) == "suspended")
  local function pack(...) return { n = select("#", ...), ... } end
  local r = pack(coroutine.resume(co, 1, nil, 3))
  assert(r.n == 4 and r[1] == true and r[2] == nil and r[3] == t and r[4] == nil)
  assert(coroutine.status(co) == "suspended")
  r = pack(coroutine.resume(co, t))
  assert(r.n == 3 and r[1] == true and r[2] == "end" and r[3] == nil)
  assert(t.resumed and coroutine.status(co) == "dead")
  local ok, problem = coroutine.resume(co)
  assert(ok == false and problem == "cannot resume dead coroutine")
end)
assert(coroutine.status(co) == "dead")
