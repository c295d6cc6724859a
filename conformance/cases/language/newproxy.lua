-- What `newproxy` takes for a proxy.

assert(getmetatable(newproxy()) == nil and getmetatable(newproxy(false)) == nil and getmetatable(newproxy(nil)) == nil)
local proxy = newproxy(true)
local metatable = getmetatable(proxy)
assert(type(metatable) == "table" and next(metatable) == nil and metatable ~= getmetatable(newproxy(true)))
local second = newproxy(proxy)
assert(second ~= proxy and getmetatable(second) == metatable)
assert(getmetatable(newproxy(second)) == metatable)

-- The metatable counts, not what has it.
assert(getmetatable(newproxy(setmetatable({}, metatable))) == metatable)
metatable.__metatable = "hidden"
assert(getmetatable(newproxy(proxy)) == "hidden")

local other = newproxy()
debug.setmetatable(other, {})
for _, wrong in ipairs({ other, newproxy(), io.stdout, {}, setmetatable({}, {}), "x", 1, print }) do
  local ok, message = pcall(newproxy, wrong)
  assert(not ok and message:find("%(boolean or proxy expected%)$"))
end
