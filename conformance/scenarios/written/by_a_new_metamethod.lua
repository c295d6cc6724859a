--- So it is when the callback itself has put them there.
local scenario = ...

local count, log = 0, {}
local function note(self)
  count = count + 1
  log[count] = self
  return count
end

scenario.run(function()
  local metatable = {}
  local t, u = setmetatable({}, metatable), {}
  scenario.on_main(function()
    metatable.__add = note
    return t + 1
  end)
  assert(count == 1 and log[1] == t)
  -- Where it stays.
  scenario.on_main(function() return t + 2 end)
  assert(count == 2 and log[2] == t)
  scenario.on_main(function()
    local name = "__" .. "unm"
    metatable[name] = note
  end)
  scenario.on_main(function() return -t end)
  assert(count == 3 and log[3] == t)
  scenario.on_main(function() setmetatable(u, { __index = note }) end)
  scenario.on_main(function() return u.x end)
  assert(count == 4 and log[4] == u)
end)
