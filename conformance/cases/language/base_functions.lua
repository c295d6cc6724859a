--- `type`, `rawequal`, `rawget`, `rawset`, `select`, `tonumber`, and which globals exist.

assert(type(nil) == "nil" and type(1) == "number" and type("") == "string" and type({}) == "table" and type(true) == "boolean")
assert(type(print) == "function" and type(function() end) == "function" and type(coroutine.create(print)) == "thread" and type(newproxy()) == "userdata")
assert(select("#", type(1, 2)) == 1 and not pcall(type))

assert(rawequal(1, 1) and not rawequal(1, "1") and rawequal("a", "a") and not rawequal({}, {}) and rawequal(nil, nil))
local guarded = setmetatable({}, {
  __index = function()
    error("asked")
  end,
  __newindex = function()
    error("asked")
  end,
  __eq = function()
    error("asked")
  end,
})
assert(rawget(guarded, "x") == nil and rawset(guarded, "x", 1) == guarded and rawget(guarded, "x") == 1 and not rawequal(guarded, setmetatable({}, getmetatable(guarded))))
assert(rawget({ 5 }, 1) == 5 and rawget({}, nil) == nil)
-- The messages of tables have no position.
for key, expected in pairs({ [1] = "table index is nil", [2] = "table index is NaN" }) do
  local ok, message = pcall(function()
    rawset({}, key == 2 and 0 / 0 or nil, 1)
  end)
  assert(not ok and message == expected, message)
end
local valid, invalid = pcall(function()
  next({}, 1)
end)
assert(not valid and invalid == "invalid key to 'next'", invalid)
rawset(guarded, "x", nil)
assert(next(guarded) == nil)

-- select.
assert(select("#") == 0 and select("#", nil) == 1 and select(1, "a", "b") == "a" and select(2, "a", "b") == "b")
assert(select("#", select(2, 1, 2, 3)) == 2 and select("#", select(4, 1, 2, 3)) == 0 and select(-1, 1, 2, 3) == 3 and select(-3, 1, 2, 3) == 1)
assert(select("2", "a", "b") == "b" and select(1.9, "a", "b") == "a")
local ok, err = pcall(function()
  return (select(0, 1))
end)
assert(not ok and err:match(":%d+: (.*)") == "bad argument #1 to 'select' (index out of range)", err)
ok, err = pcall(function()
  return (select(-4, 1, 2, 3))
end)
assert(not ok and err:match(":%d+: (.*)") == "bad argument #1 to 'select' (index out of range)", err)
-- What begins with `#` counts.
assert(select("##", 1, nil) == 2 and select("#2", 1) == 1 and not pcall(select, " #"))

-- What exists, and what other dialects have.
for _, name in ipairs({ "assert", "collectgarbage", "dofile", "error", "gcinfo", "getfenv", "getmetatable", "ipairs", "load", "loadfile", "loadstring", "module", "newproxy", "next", "pairs", "pcall", "print", "rawequal", "rawget", "rawset", "require", "select", "setfenv", "setmetatable", "tonumber", "tostring", "type", "unpack", "xpcall" }) do
  assert(type(_G[name]) == "function", name)
end
for _, name in ipairs({ "string", "table", "math", "coroutine", "debug", "os", "io", "bit", "jit", "package" }) do
  assert(type(_G[name]) == "table" and package.loaded[name] == _G[name], name)
end
for _, name in ipairs({ "rawlen", "utf8", "bit32", "warn" }) do
  assert(rawget(_G, name) == nil, name)
end
assert(_VERSION == "Lua 5.1" and package.loaded._G == _G)
