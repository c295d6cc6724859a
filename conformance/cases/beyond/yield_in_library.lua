--- Coroutines that yield from inside library functions, where LuaJIT refuses ("attempt to yield across C-call boundary").

local function drain(body)
  local yielded = {}
  local co = coroutine.create(body)
  local results = { coroutine.resume(co) }
  while coroutine.status(co) ~= "dead" do
    yielded[#yielded + 1] = tostring(results[2])
    results = { coroutine.resume(co, results[2]) }
  end
  assert(results[1], results[2])
  return table.concat(yielded, " "), unpack(results, 2)
end

-- A comparator.
local yielded, sorted = drain(function()
  local t = { 5, 3, 9, 1 }
  table.sort(t, function(a, b)
    assert(coroutine.isyieldable(), "false in LuaJIT")
    coroutine.yield(a .. "<" .. b)
    return a < b
  end)
  return table.concat(t, ",")
end)
assert(yielded == "1<5 3<1 5<3 9<3 3<9 3<1 5<9", yielded)
assert(sorted == "1,3,5,9", sorted)

-- A metamethod that compares.
local order = {
  __lt = function(a, b)
    coroutine.yield(a.v)
    return a.v < b.v
  end,
}
yielded, sorted = drain(function()
  local t = {}
  for i = 1, 3 do
    t[i] = setmetatable({ v = 4 - i }, order)
  end
  table.sort(t)
  return t[1].v .. t[2].v .. t[3].v
end)
assert(sorted == "123", sorted)
assert(yielded == "1 2 3", yielded)

-- A replacement function, and an `__index` handler of a replacement table.
local result, count
yielded, result, count = drain(function()
  return ("abc"):gsub("%w", function(c)
    return coroutine.yield(c):upper()
  end)
end)
assert(yielded == "a b c" and result == "ABC" and count == 3)

yielded, result = drain(function()
  local handler = {
    __index = function(_, key)
      return coroutine.yield(key) .. key
    end,
  }
  return (("a-b"):gsub("%a", setmetatable({}, handler)))
end)
assert(yielded == "a b" and result == "aa-bb", result)

-- `__tostring` in `string.format`: twice, with text around it.
local named = setmetatable({}, {
  __tostring = function()
    return coroutine.yield("name")
  end,
})
yielded, result = drain(function()
  return string.format("<%s|%6s|%d>", named, named, 7)
end)
assert(yielded == "name name" and result == "<name|  name|7>", result)

-- A visitor of `table.foreach` and `table.foreachi`.
yielded, result = drain(function()
  return table.foreach({ 10, 20, 30 }, function(k, v)
    coroutine.yield(v)
    if k == 2 then
      return "stopped"
    end
  end)
end)
assert(yielded == "10 20" and result == "stopped")
yielded = drain(function()
  table.foreachi({ "x", "y" }, function(i, v)
    coroutine.yield(v .. i)
  end)
end)
assert(yielded == "x1 y2")

-- Errors come out where they should after a yield.
local co = coroutine.create(function()
  return pcall(table.sort, { 3, 2, 1 }, function()
    coroutine.yield()
    error("no order", 0)
  end)
end)
assert(coroutine.resume(co))
local _, ok, message = coroutine.resume(co)
assert(ok == false and message == "no order")

-- Suspended in the middle and left to the collector.
for _ = 1, 200 do
  local abandoned = coroutine.wrap(function()
    return (("x"):rep(100):gsub("x", function()
      coroutine.yield()
    end))
  end)
  abandoned()
  abandoned()
end
collectgarbage()
