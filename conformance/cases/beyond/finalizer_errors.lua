--- Errors in finalizers are reported, not raised (older LuaJITs raise them where the collector happens to run).

local function collect()
  collectgarbage()
  collectgarbage()
end
local ran = {}
local function finalized(name, f)
  local p = newproxy(true)
  getmetatable(p).__gc = function(u)
    ran[#ran + 1] = name
    f(u)
  end
end

local function make()
  finalized("first", function()
    error("an error that is expected on standard error")
  end)
  finalized("second", function()
    error({})
  end)
  finalized("third", function()
    coroutine.yield()
  end)
end
make()
assert(pcall(collect))
assert(table.concat(ran, " ") == "third second first")

-- A finalizer cannot suspend the coroutine that it runs in.
ran = {}
local co = coroutine.wrap(function()
  make()
  collect()
  coroutine.yield("yielded by the coroutine itself")
  return "end"
end)
assert(co() == "yielded by the coroutine itself")
assert(co() == "end" and #ran == 3)

-- What cannot be called is reported too.
local function strange()
  local p = newproxy(true)
  getmetatable(p).__gc = 5
  local q = newproxy(true)
  getmetatable(q).__gc = setmetatable({}, {
    __call = function(_, u)
      ran[#ran + 1] = type(u)
    end,
  })
end
strange()
collect()
assert(ran[4] == "userdata")
