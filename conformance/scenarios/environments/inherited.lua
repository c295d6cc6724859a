--- Functions made by a function with an environment of its own have it too, on either side.
local scenario = ...

local env = { n = 0 }
local make = setfenv(function() return function() n = n + 1; return n end end, env)
local of_main = make()
scenario.run(function()
  local of_thread = make()
  assert(of_main() == 1 and of_thread() == 2 and getfenv(of_thread) == env)
  local made = scenario.on_main(function()
    assert(of_thread() == 3 and getfenv(of_thread) == env)
    return make()
  end)
  assert(made() == 4 and env.n == 4)
end)
assert(env.n == 4 and of_main() == 5)
