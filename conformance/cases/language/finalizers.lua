--- `__gc` of userdata made by `newproxy`: when it runs, with what, its errors, resurrection. Tables have none.

local function collect()
  collectgarbage()
  collectgarbage()
end

local function finalized(f)
  local p = newproxy(true)
  getmetatable(p).__gc = f
  return p
end

-- It runs once, with the userdata, after the last reference is gone.
local log = {}
local function make()
  finalized(function(u)
    log[#log + 1] = type(u)
  end)
end
make()
collect()
assert(#log == 1 and log[1] == "userdata")
collect()
assert(#log == 1)

-- Not while it is reachable.
local held = finalized(function()
  log[#log + 1] = "held"
end)
collect()
assert(#log == 1 and held)
held = nil
collect()
assert(log[2] == "held")

-- Also when reachable only from garbage.
local function cycle()
  local t = {}
  t.self = t
  t.p = finalized(function()
    log[#log + 1] = "cycle"
  end)
end
cycle()
collect()
assert(log[3] == "cycle")

-- A finalizer sees live upvalues and may store its object, which is not finalized again.
local saved
local runs = 0
local function resurrect()
  finalized(function(u)
    runs = runs + 1
    saved = u
  end)
end
resurrect()
collect()
assert(type(saved) == "userdata" and runs == 1)
saved = nil
collect()
assert(runs == 1)

-- A metatable may serve several userdata: `newproxy(u)` shares the one of u.
local count = 0
local function family()
  local first = newproxy(true)
  getmetatable(first).__gc = function()
    count = count + 1
  end
  local second = newproxy(first)
  assert(getmetatable(first) == getmetatable(second))
end
family()
collect()
assert(count == 2)

-- Tables are not finalized.
local table_gc = false
local function plain()
  setmetatable({}, {
    __gc = function()
      table_gc = true
    end,
  })
end
plain()
collect()
assert(not table_gc)

-- A finalizer may allocate, and collect.
local size = 0
local function busy()
  finalized(function()
    local t = {}
    for i = 1, 1000 do
      t[i] = { i }
    end
    collectgarbage()
    size = #t
  end)
end
busy()
collect()
assert(size == 1000)

-- Without `__gc` in the metatable nothing happens; it may be set after creation.
local function later()
  local p = newproxy(true)
  getmetatable(p).__gc = nil
  local q = newproxy(true)
  getmetatable(q).__gc = function()
    log[#log + 1] = "later"
  end
end
later()
collect()
assert(log[#log] == "later")

-- Finalizers run by themselves when enough is allocated.
local ran = false
local function automatic()
  finalized(function()
    ran = true
  end)
end
coroutine.wrap(automatic)()
local rounds, sink = 0, {}
while not ran and rounds < 1000 do
  rounds = rounds + 1
  for i = 1, 1000 do
    sink[i] = { i, {} }
  end
end
assert(ran)

-- newproxy's other forms.
assert(type(newproxy()) == "userdata" and getmetatable(newproxy()) == nil and getmetatable(newproxy(false)) == nil)
assert(type(getmetatable(newproxy(true))) == "table" and newproxy() ~= newproxy())

-- A finalizer's name is the event of the instruction that allocated.
do
  local name, kind
  local function finalize()
    local info = debug.getinfo(1, "n")
    name, kind = info.name, info.namewhat
  end
  local function run(allocate)
    name = nil
    local proxy = newproxy(true)
    getmetatable(proxy).__gc = finalize
    proxy = nil
    for i = 1, 1000000 do
      allocate(i)
      if name then
        break
      end
    end
    return name, kind
  end
  local kept
  for _, allocate in ipairs({
    function()
      kept = {}
    end,
    function()
      kept = { 1 }
    end,
    function()
      kept = function() end
    end,
  }) do
    local found, what = run(allocate)
    assert(found == "__gc" and what == "metamethod", found)
  end
  assert(run(function(i)
    kept = i .. ""
  end) == "__concat")
end
