--- An operation sees what the callback has written before it, and the callback what it has written.
local scenario = ...

scenario.run(function()
  local n, log = 0, {}
  local u = newproxy(true)
  getmetatable(u).__index = function(_, k)
    n = n + 1
    log[#log + 1] = k .. n
    return n
  end
  scenario.on_main(function()
    n = 10
    assert(u.a == 11 and n == 11)
    n = n + 10
    log[#log + 1] = "main"
    assert(u.b == 22 and n == 22)
    n = n + 10
  end)
  assert(n == 32 and table.concat(log, " ") == "a11 main b22")
end)
