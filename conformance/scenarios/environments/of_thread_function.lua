--- A function of the thread with an environment of its own keeps it in a callback.
local scenario = ...

scenario.run(function()
  local env = setmetatable({ x = 1 }, { __index = _G })
  local f = setfenv(function() x = x + 1; y = tostring(x); return x end, env)
  scenario.on_main(function()
    assert(f() == 2 and getfenv(f) == env)
    env.x = 10
  end)
  assert(env.x == 10 and env.y == "2" and f() == 11 and getfenv(f) == env)
end)
