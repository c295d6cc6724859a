--- A userdata of the thread is one object on main: as a value, as a key, in two variables, and back.
local scenario = ...

scenario.run(function()
  local u, other = newproxy(true), newproxy(true)
  local seen = {}
  local again = u
  local back = scenario.on_main(function(x)
    assert(x == u and u == again and u ~= other and type(u) == "userdata")
    seen[u] = "seen"
    assert(seen[x] == "seen" and seen[other] == nil)
    return x
  end, u)
  assert(back == u and seen[u] == "seen")
end)
