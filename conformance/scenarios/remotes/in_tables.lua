--- Values that stay lie in shared tables, as keys and values, deep and cyclic, on both sides.
local scenario = ...

local u = newproxy(true)
getmetatable(u).__index = function(_, k) return "main " .. k end
local t = { u = u, deep = { [u] = "key" } }
t.deep.t = t
scenario.run(function()
  assert(t.u.x == "main x" and t.deep[u] == "key" and t.deep.t == t)
  local own = newproxy(true)
  getmetatable(own).__index = function(_, k) return "thread " .. k end
  t.own, t.deep[own] = own, t
  local co = coroutine.create(function() return t end)
  t.co = co
  scenario.on_main(function()
    assert(t.own.y == "thread y" and t.deep[own] == t)
    assert(select(2, coroutine.resume(t.co)) == t)
    t.own = nil
  end)
  assert(t.own == nil and t.deep[own] == t)
end)
