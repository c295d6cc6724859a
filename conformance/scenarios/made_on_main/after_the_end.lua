--- What a callback has made goes on working when the thread has ended.
local scenario = ...

local made = scenario.run(function()
  local n = 0
  return scenario.on_main(function()
    local own = 10
    return function() n = n + 1; own = own + 1; return n, own, function() return n end end
  end)
end)
local n, own, get = made()
assert(n == 1 and own == 11 and get() == 1)
n, own = made()
assert(n == 2 and own == 12 and get() == 2)
