--- The length operator on sequences: growing, shrinking, holes at the ends, hash and array parts.

local t = {}
for i = 1, 100 do
  t[i] = i
  assert(#t == i)
end
for i = 100, 1, -1 do
  t[i] = nil
  assert(#t == i - 1)
end

-- Filled backwards: the length appears when the first entry does.
for i = 50, 2, -1 do
  t[i] = true
end
t[1] = true
assert(#t == 50)

-- Only positive integers count.
local m = { 1, 2, 3, x = 1, [0] = 0, [-1] = -1, [1.5] = 1, ["4"] = 4 }
assert(#m == 3)
m[4] = 4
assert(#m == 4)
assert(#{ [1] = 1, [2] = 2, [3] = 3 } == 3 and #{ [2] = 2 } == 0)
assert(#{ n = 10 } == 0 and #{ [0] = 1 } == 0)

-- Appending by the length.
local list = {}
for i = 1, 1000 do
  list[#list + 1] = i
end
assert(#list == 1000 and list[1000] == 1000)
while #list > 0 do
  list[#list] = nil
end
assert(next(list) == nil)

-- After the border has moved, any border is right.
local function is_border(tbl, n)
  return (n == 0 or tbl[n] ~= nil) and tbl[n + 1] == nil
end
for _, holes in ipairs({ { 1, nil, 3 }, { nil, 2 }, { 1, 2, nil, 4, nil, 6 }, { nil, nil, 3 }, { 1, nil } }) do
  assert(is_border(holes, #holes))
end
local sparse = {}
for i = 1, 64, 3 do
  sparse[i] = i
end
assert(is_border(sparse, #sparse))

-- Strings have their length in bytes; other types have none.
assert(#"" == 0 and #"abc" == 3 and #"a\0b" == 3 and #"é" == 2)
local function refused(f, message)
  local ok, err = pcall(f)
  assert(not ok and err:match(":%d+: (.*)") == message, err)
end
refused(function() return #5 end, "attempt to get length of a number value")
refused(function() local x; return #x end, "attempt to get length of local 'x' (a nil value)")
refused(function() return #print end, "attempt to get length of global 'print' (a function value)")

-- Tables do not look for `__len`.
local with_len = setmetatable({ 1, 2 }, {
  __len = function()
    return 42
  end,
})
assert(#with_len == 2)

-- From constructors with calls and varargs.
local function three()
  return 1, 2, 3
end
assert(#{ three() } == 3 and #{ three(), three() } == 4 and #{ (three()) } == 1 and #{ three(), nil } == 1)

-- table.remove, insert and getn agree.
local q = { 1, 2, 3 }
table.insert(q, 4)
table.remove(q, 1)
assert(#q == 3 and table.getn(q) == 3 and table.maxn(q) == 3)
