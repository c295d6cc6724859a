--- What the metamethods of main write when a callback uses a shared object is seen by the thread.
local scenario = ...

local count, log = 0, {}
local function note(what)
  count = count + 1
  log[what] = count
end
local M = {}
M.__index = function(_, key) note("index") return key end
M.__newindex = function(self, key, value) note("newindex") rawset(self, key, value) end
M.__add = function() note("add") return 1 end
M.__concat = function() note("concat") return "" end
M.__call = function() note("call") end
M.__unm = function() note("unm") return 0 end
M.__lt = function() note("lt") return true end
M.__eq = function() note("eq") return true end
M.__tostring = function() note("tostring") return "object" end
local a, b = setmetatable({}, M), setmetatable({}, M)

scenario.run(function()
  local uses = {
    index = function() return a.key end,
    newindex = function() a.new = "there" end,
    add = function() return a + 1 end,
    concat = function() return a .. "x" end,
    call = function() a() end,
    unm = function() return -a end,
    lt = function() return a < b end,
    eq = function() return a == b end,
    tostring = function() return tostring(a) end,
  }
  local expected = 0
  for what, use in pairs(uses) do
    expected = expected + 1
    scenario.on_main(use)
    assert(count == expected and log[what] == expected, what)
  end
  assert(rawget(a, "new") == "there")
end)
