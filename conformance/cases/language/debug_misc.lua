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

-- Hooks: lines, calls, returns, counts.
assert(debug.gethook() == nil)
local lines = {}
local function hooked()
  local x = 1
  x = x + 1
  return x
end
debug.sethook(function(event, line)
  lines[#lines + 1] = event .. " " .. tostring(line)
end, "l")
hooked()
debug.sethook()
local text = table.concat(lines, "\n")
assert(text:find("line 31\nline 32\nline 33\n", 1, true), text)

local events = {}
debug.sethook(function(event)
  local info = debug.getinfo(2, "f")
  if info and info.func == hooked then
    events[#events + 1] = event
  end
end, "cr")
hooked()
debug.sethook()
assert(events[1] == "call" and events[2] == "return" and #events == 2, table.concat(events, " "))

local count = 0
debug.sethook(function(event, line)
  assert(event == "count" and line == nil)
  count = count + 1
end, "", 100)
for _ = 1, 10000 do
end
local hook, mask, every = debug.gethook()
debug.sethook()
assert(count >= 50 and type(hook) == "function" and mask == "" and every == 100, count)
assert(debug.gethook() == nil)

-- A hook may end a loop with an error.
debug.sethook(function()
  debug.sethook()
  error("enough", 0)
end, "", 1000)
local ok, err = pcall(function()
  while true do
  end
end)
assert(not ok and err == "enough", err)
