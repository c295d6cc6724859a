--- Yields from the replacement function of `string.gsub`, and from `__index` of a replacement table.
-- diverges: LuaJIT says "attempt to yield across C-call boundary".

local yield = coroutine.yield

local co = coroutine.wrap(function()
  return ("a b c"):gsub("%a", function(letter)
    return yield(letter)
  end)
end)
assert(co() == "a" and co("1") == "b" and co("2") == "c")
local text, count = co("3")
assert(text == "1 2 3" and count == 3)

-- Captures, positions, the limit and false results are kept across the yield.
co = coroutine.wrap(function()
  return ("k1=v1;k2=v2;k3=v3"):gsub("(%w+)=(%w+)()", function(k, v, at)
    return yield(k .. v .. at)
  end, 2)
end)
assert(co() == "k1v16" and co(false) == "k2v212")
text, count = co("X")
assert(text == "k1=v1;X;k3=v3" and count == 2, text)

-- A table whose `__index` suspends.
co = coroutine.wrap(function()
  return ("$name is $age"):gsub("%$(%w+)", setmetatable({}, {
    __index = function(_, key)
      return yield(key)
    end,
  }))
end)
assert(co() == "name" and co("Ada") == "age")
assert(co(36) == "Ada is 36")

-- Nested replacements.
co = coroutine.wrap(function()
  return (("ab cd"):gsub("%a+", function(word)
    return (word:gsub("%a", function(letter)
      return letter .. yield(letter)
    end))
  end))
end)
assert(co() == "a" and co(1) == "b" and co(2) == "c" and co(3) == "d" and co(4) == "a1b2 c3d4")

-- Strings made meanwhile do not disturb it.
co = coroutine.wrap(function()
  return (("x"):rep(100):gsub("x", function()
    return yield()
  end))
end)
co()
local result
for i = 1, 100 do
  local junk = {}
  for j = 1, 50 do
    junk[j] = ("junk"):rep(j) .. i
  end
  result = co("<" .. i .. ">")
end
assert(result:sub(1, 9) == "<1><2><3>" and result:sub(-5) == "<100>")

-- Wrong results after a yield are errors as ever.
co = coroutine.create(function()
  return ("x"):gsub("x", function()
    return yield()
  end)
end)
coroutine.resume(co)
local ok, err = coroutine.resume(co, {})
assert(not ok and err:find("invalid replacement value (a table)", 1, true), err)
