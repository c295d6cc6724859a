--- `table.move`, `maxn`, `getn`, `foreach`, `foreachi`, `unpack`; what this dialect does not have.

local function pack(...)
  return { n = select("#", ...), ... }
end

-- move.
local t = { 1, 2, 3 }
assert(table.move(t, 2, 3, 1) == t and t[1] == 2 and t[2] == 3 and t[3] == 3)
t = { 1, 2, 3 }
table.move(t, 1, 3, 2)
assert(table.concat(t, ",") == "1,1,2,3")
local d = table.move({ 1, 2, 3 }, 1, 3, 3, { 9 })
assert(d[1] == 9 and d[2] == nil and d[3] == 1 and d[5] == 3)
assert(table.move({ 1 }, 1, 0, 5)[5] == nil and #table.move({ 1, 2, 3 }, 1, 3, 1, {}) == 3)
local moved = table.move(setmetatable({}, {
  __index = function()
    error("asked")
  end,
}), 1, 3, 5, setmetatable({}, {
  __newindex = function()
    error("asked")
  end,
}))
assert(next(moved) == nil, "metamethods are not asked")

-- maxn and getn.
assert(table.maxn({}) == 0 and table.maxn({ 1, 2, [10] = 1 }) == 10 and table.maxn({ [10.5] = 1, x = 1 }) == 10.5)
assert(table.maxn({ [-1] = 1 }) == 0 and table.maxn({ [1e10] = 1 }) == 1e10 and table.getn({ 1, 2 }) == 2)

-- foreach and foreachi stop at the first value that is not nil.
local keys = {}
assert(table.foreach({ a = 1, b = 2 }, function(k, v)
  keys[k] = v
end) == nil and keys.a == 1 and keys.b == 2)
assert(table.foreach({ a = 1 }, function(k, v)
  return k .. v
end) == "a1")
local visited = {}
assert(table.foreachi({ 5, 6, 7 }, function(i, v)
  visited[#visited + 1] = i .. v
  if i == 2 then
    return false
  end
end) == false and table.concat(visited, " ") == "15 26")
assert(select("#", table.foreachi({}, print)) == 0)

-- unpack.
local r = pack(unpack({ 1, 2, 3 }))
assert(r.n == 3 and r[3] == 3)
r = pack(unpack({ 1, 2, 3 }, 2))
assert(r.n == 2 and r[1] == 2)
r = pack(unpack({ 1, 2, 3 }, 2, 5))
assert(r.n == 4 and r[2] == 3 and r[3] == nil)
assert(pack(unpack({}, 1, 3)).n == 3 and pack(unpack({ 1 }, 1, 0)).n == 0 and pack(unpack({ 1, 2 }, 3)).n == 0)
assert(pack(unpack({}, 5, 4)).n == 0 and pack(unpack({ [0] = 0, [-1] = -1 }, -1, 0)).n == 2)
r = pack(unpack({ 1, 2, 3 }, 1.5, 2.5))
assert(r.n == 2 and r[1] == 1 and r[2] == 2)
r = pack(unpack({ 1, 2 }, "1", "2"))
assert(r.n == 2)
r = pack(unpack({ 1, 2, 3 }, nil, 2))
assert(r.n == 2)
assert(pack(unpack(setmetatable({}, { __index = { 1, 2 } }), 1, 2)).n == 2)
assert((unpack(setmetatable({}, { __index = { "i" } }), 1, 1)) == nil, "raw access")
assert(pack(unpack({}, 1, 7900)).n == 7900)
local ok, err = pcall(unpack, {}, 1, 1e6)
assert(not ok and err == "too many results to unpack", err)
-- Arguments and results together are at most 8000.
assert(pcall(unpack, {}, 1, 7997) and pcall(unpack, {}, 1, 7995, 1, 1) and not pcall(unpack, {}, 1, 7996, 1, 1))
ok, err = pcall(unpack, {}, 1, 7998)
assert(not ok and err == "too many results to unpack", err)
ok, err = pcall(unpack, {}, -2 ^ 31, 2 ^ 31 - 1)
assert(not ok and err == "too many results to unpack", err)

-- Not in this dialect.
assert(table.pack == nil and table.unpack == nil and table.setn == nil)
