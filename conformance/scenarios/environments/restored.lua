--- A function that gets its old environment back finds the globals again, on either side.
local scenario = ...

scenario.run(function()
  scenario_of_thread = "global"
  local f = function() return scenario_of_thread end
  local old, env = getfenv(f), { scenario_of_thread = "own" }
  scenario.on_main(function() assert(f() == "global") end)
  setfenv(f, env)
  scenario.on_main(function() assert(f() == "own") end)
  setfenv(f, old)
  scenario.on_main(function() assert(f() == "global") end)

  scenario.on_main(function()
    local there = getfenv(f)
    setfenv(f, env)
    assert(f() == "own")
    setfenv(f, there)
    assert(f() == "global")
    setfenv(f, env)
  end)
  assert(f() == "own")
  scenario.on_main(function() setfenv(f, _G) end)
  assert(f() == "global")
  scenario.on_main(function() assert(f() == "global") end)
end)
