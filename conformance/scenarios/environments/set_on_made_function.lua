--- A function that a callback makes on main and gives an environment has it in the thread, and the reverse.
local scenario = ...

scenario.run(function()
  local env, other = { y = 1 }, { y = 10 }
  local f = scenario.on_main(function()
    local made = function() y = y + 1; return y end
    setfenv(made, env)
    assert(made() == 2 and getfenv(made) == env)
    return made
  end)
  assert(f() == 3 and env.y == 3 and getfenv(f) == env)
  setfenv(f, other)
  assert(scenario.on_main(function() return f() end) == 11)
  assert(other.y == 11 and getfenv(f) == other)
  scenario.on_main(function() debug.setfenv(f, env) end)
  assert(f() == 4 and debug.getfenv(f) == env)
end)
