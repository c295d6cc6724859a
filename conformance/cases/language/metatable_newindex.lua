--- `__newindex`: functions, tables, chains, present keys, raw access.

local log = {}
local t = setmetatable({ present = 1 }, {
  __newindex = function(tbl, k, v)
    log[#log + 1] = tostring(k) .. "=" .. tostring(v)
    rawset(tbl, k, v)
  end,
})
t.present = 2
assert(#log == 0 and t.present == 2)
t.new = 3
t[1] = "one"
t[2] = nil
assert(table.concat(log, " ") == "new=3 1=one 2=nil" and t.new == 3 and t[1] == "one")
t.new = 4
assert(#log == 3 and t.new == 4)
t.new = nil
t.new = 5
assert(log[4] == "new=5", "a removed key is new again")

-- Into another table, and through a chain.
local store = {}
local front = setmetatable({}, { __newindex = store })
front.x = 1
assert(rawget(front, "x") == nil and store.x == 1)
local chain = setmetatable({}, { __newindex = setmetatable({}, { __newindex = front }) })
chain.y = 2
assert(store.y == 2 and rawget(front, "y") == nil and next(chain) == nil)
front[1], front[2] = "a", "b"
assert(store[1] == "a" and #store == 2 and #front == 0)

-- A present key on the way stops there.
local middle = setmetatable({ z = 0 }, { __newindex = store })
local outer = setmetatable({}, { __newindex = middle })
outer.z = 9
assert(middle.z == 9 and store.z == nil)

-- Read-only tables.
local function readonly(source)
  return setmetatable({}, {
    __index = source,
    __newindex = function(_, k)
      error("attempt to change " .. tostring(k), 2)
    end,
  })
end
local r = readonly({ a = 1 })
assert(r.a == 1)
local ok, err = pcall(function()
  r.a = 2
end)
assert(not ok and err:match("^[^:]*:(%d+): attempt to change a$"), err)

-- rawset, table.insert and the constructor do not ask.
local asked = 0
local quiet = setmetatable({}, {
  __newindex = function()
    asked = asked + 1
  end,
})
rawset(quiet, "a", 1)
table.insert(quiet, "b")
assert(asked == 0 and quiet.a == 1 and quiet[1] == "b")
quiet[2] = "c"
assert(asked == 1 and quiet[2] == nil)

-- A value with a metatable that is no table.
local proxy = newproxy(true)
local got
getmetatable(proxy).__newindex = function(p, k, v)
  got = { p, k, v }
end
proxy.name = "value"
assert(got[1] == proxy and got[2] == "name" and got[3] == "value")

-- Adding the metamethod later.
local late_mt = {}
local late = setmetatable({}, late_mt)
late.a = 1
late_mt.__newindex = function() end
late.b = 2
assert(late.a == 1 and late.b == nil)
late_mt.__newindex = nil
late.b = 3
assert(late.b == 3)

-- The results of the function are ignored; numeric and computed keys work alike.
local sum = 0
local adder = setmetatable({}, {
  __newindex = function(_, k, v)
    sum = sum + k * v
    return "ignored"
  end,
})
for i = 1, 200 do
  adder[i] = 2
  adder[i + 0.5] = 2
end
assert(sum == 2 * 20100 + 2 * (20100 + 100) and next(adder) == nil)

-- nil as a key goes to the metamethod; without one it is an error.
local nil_key = 0
local accepts = setmetatable({}, {
  __newindex = function(_, k)
    assert(k == nil or k ~= k)
    nil_key = nil_key + 1
  end,
})
accepts[nil] = 1
accepts[0 / 0] = 1
assert(nil_key == 2)

local cycle = {}
setmetatable(cycle, { __newindex = cycle })
ok, err = pcall(function()
  cycle.x = 1
end)
assert(not ok and err:match(":%d+: (.*)") == "loop in settable", err)

-- Assignments to globals.
local env = setmetatable({}, {
  __newindex = function(tbl, k, v)
    rawset(tbl, k, v .. "!")
  end,
})
setfenv(load("a = 'x' a = a .. 'y'"), env)()
assert(env.a == "x!y")
