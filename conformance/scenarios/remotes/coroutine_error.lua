--- An error in the other side's coroutine is the result of its resumption, the same value, and kills it.
local scenario = ...

local problem = { "problem" }
local co = coroutine.create(function() coroutine.yield(); error(problem) end)
scenario.run(function()
  local own = coroutine.create(function() coroutine.yield(); error(problem) end)
  local function fails(co)
    assert(coroutine.resume(co))
    local ok, err = coroutine.resume(co)
    assert(ok == false and err == problem and coroutine.status(co) == "dead")
  end
  fails(co)
  scenario.on_main(function() fails(own) end)
end)
assert(coroutine.status(co) == "dead")
