--- A function that is given another environment has it on both sides, whichever side has done so.
local scenario = ...
local setfenv = setfenv

local first, second = { x = "first" }, { x = "second" }
local of_main = setfenv(function() return x end, first)

scenario.run(function()
  assert(of_main() == "first")
  setfenv(of_main, second)
  assert(of_main() == "second")
  scenario.on_main(function()
    assert(of_main() == "second" and getfenv(of_main) == second)
    setfenv(of_main, first)
    assert(of_main() == "first")
  end)
  assert(of_main() == "first" and getfenv(of_main) == first)

  -- The thread's own function, changed on main, by its value and from within.
  local of_thread = function(env)
    if env then setfenv(1, env) end
    return x
  end
  local env = { x = "of the thread" }
  scenario.on_main(function()
    setfenv(of_thread, first)
    assert(of_thread() == "first" and getfenv(of_thread) == first)
  end)
  assert(of_thread() == "first" and getfenv(of_thread) == first)
  setfenv(of_thread, env)
  scenario.on_main(function()
    assert(of_thread() == "of the thread" and getfenv(of_thread) == env)
    assert(of_thread(second) == "second" and getfenv(of_thread) == second)
  end)
  assert(of_thread() == "second" and getfenv(of_thread) == second)
  env.x = "later"
  assert(of_thread(env) == "later")
  scenario.on_main(function() assert(of_thread() == "later") end)
end)
assert(of_main() == "first" and getfenv(of_main) == first)
