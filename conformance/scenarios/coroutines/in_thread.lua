--- A coroutine inside the thread writes shared variables.
local scenario = ...

local log = {}
scenario.run(function()
  local co = coroutine.wrap(function()
    for i = 1, 3 do
      log[#log + 1] = i
      coroutine.yield()
    end
  end)
  co() co() co()
end)
assert(table.concat(log, ",") == "1,2,3")
