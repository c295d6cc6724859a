--- `debug.getmetatable`, `setmetatable`, `getfenv`, `setfenv`, `getregistry`, `sethook`, `gethook`.

-- Compiled traces do not look at hooks.
jit.off(true, true)

-- Metatables without regard to `__metatable`.
local t = setmetatable({}, { __metatable = "hidden" })
assert(type(debug.getmetatable(t)) == "table" and debug.getmetatable(1) == nil)
assert(debug.setmetatable(t, nil) == true and getmetatable(t) == nil)
assert(debug.setmetatable(10, { __index = { ten = true } }) == true and (5).ten == true)
debug.setmetatable(10, nil)

-- Environments.
local function f()
  return value_in_env
end
assert(debug.getfenv(f) == getfenv(f))
assert(debug.setfenv(f, { value_in_env = 5 }) == f and f() == 5 and debug.getfenv(f).value_in_env == 5)
assert(debug.getfenv(1) == nil and debug.getfenv({}) == nil and type(debug.getfenv(newproxy())) == "table")
local co = coroutine.create(function()
  return value_in_env
end)
assert(type(debug.getfenv(co)) == "table")

assert(type(debug.getregistry()) == "table" and debug.getregistry() == debug.getregistry())

-- Hooks; `debug_hooks.lua` has the rest.
local lines, calls = 0, 0
debug.sethook(function(event)
  if event == "line" then
    lines = lines + 1
  else
    calls = calls + 1
  end
end, "lc")
local x = math.floor(1.5)
debug.sethook()
assert(lines == 2 and calls == 2 and debug.gethook() == nil)

-- Environments of what is no Lua function.
local proxy, env = newproxy(), {}
assert(debug.getfenv(proxy) == _G and debug.setfenv(proxy, env) == proxy and debug.getfenv(proxy) == env)
assert(debug.getfenv(require) == package and debug.getfenv(module) == package)
assert(debug.getfenv(package.loaders[1]) == package and debug.getfenv(package.seeall) == _G)
local file = io.tmpfile()
assert(debug.getfenv(file) == debug.getmetatable(file) and debug.getfenv(io.open) == debug.getmetatable(file))
assert(debug.getfenv(io.stdout) == _G and debug.getfenv(file.read) == _G)
file:close()
local ok, message = pcall(debug.setfenv, {}, {})
assert(not ok and message == "'setfenv' cannot change environment of given object", message)
