-- A hook that comes while the values of an open call or vararg expression wait leaves them alone.

local given = {}
for i = 1, 60 do
  given[i] = string.char(96 + i % 26) .. i
end

local function plain(...)
  return ...
end

-- Closing upvalues comes between the values and the return.
local function closes(...)
  local x
  local function f()
    return x
  end
  return ...
end

local function jumps(...)
  do
    return ...
  end
  local function f() end
end

local function returns_call(...)
  local x
  local function f()
    return x
  end
  return "first", plain(...)
end

local function fills_table(...)
  local t = { plain(...) }
  return unpack(t)
end

local calls = 0
local function hook()
  local a, b, c = "wrong", {}, calls .. "wrong"
  calls = calls + 1
  if calls % 5 == 0 then
    collectgarbage()
  end
end

for _, f in ipairs({ plain, closes, jumps, returns_call, fills_table }) do
  for _, mask in ipairs({ "", "l", "crl" }) do
    debug.sethook(hook, mask, mask == "" and 1 or 0)
    local got = { f(unpack(given)) }
    debug.sethook()
    if f == returns_call then
      assert(table.remove(got, 1) == "first")
    end
    assert(#got == #given)
    for i = 1, #given do
      assert(got[i] == given[i])
    end
  end
end
assert(calls > 100)

-- Garbage enough for a collection between the call and the return.
local function makes(n)
  local t = {}
  for i = 1, n do
    t[i] = { i .. "x" }
  end
  return unpack(t)
end
local function passes(n)
  local x
  local function f()
    return x
  end
  return 1, makes(n)
end
debug.sethook(function() end, "c")
for round = 1, 200 do
  local got = { passes(100) }
  assert(#got == 101)
  for i = 1, 100 do
    assert(got[i + 1][1] == i .. "x")
  end
end
debug.sethook()
