--- An error in the other side's iterator is raised where it is called.
local scenario = ...

local iterate = coroutine.wrap(function() error({ code = 1 }) end)
scenario.run(function()
  local ok, err = pcall(iterate)
  assert(not ok and err.code == 1)
  local own = coroutine.wrap(function() error({ code = 2 }) end)
  scenario.on_main(function()
    local ok, err = pcall(own)
    assert(not ok and err.code == 2)
    err.code = 3
  end)
  local message = coroutine.wrap(function() local x = nil; return x.field end)
  local ok, err = scenario.on_main(function() return pcall(message) end)
  assert(not ok and err:find("attempt to index local 'x' (a nil value)", 1, true), err)
end)
