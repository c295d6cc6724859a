--- Tables keep identity, aliases, cycles and metatables on their way in and out.
local sandbox = require("threading.sandbox")

local class = { __index = { greet = function(self) return "I am " .. self.name end } }
local object = setmetatable({ name = "main" }, class)
local cyclic = { object = object }
cyclic.self = cyclic
local ok, result, same, aliased, greeting = sandbox
  .start(function(t, x, y)
    t.added = { 1, 2, 3 }
    return t, t.self == t, x == y, t.object:greet()
  end, { cyclic, object, object })
  :join(5000)
assert(ok, result)
assert(same and aliased)
assert(greeting == "I am main")
assert(result == cyclic, "a table that comes back is the original")
assert(cyclic.added[3] == 3, "entries written in the thread are here")
assert(getmetatable(cyclic.object) == class)

local ok, fresh = sandbox
  .start(function()
    local t = { 1, nil, 3, n = 3, [true] = "yes", [1.5] = "half" }
    t.me = t
    return setmetatable(t, { __call = function(_, x) return x * 2 end })
  end)
  :join(5000)
assert(ok, fresh)
assert(fresh.me == fresh and fresh[3] == 3 and fresh[true] == "yes" and fresh[1.5] == "half")
assert(fresh(21) == 42)
