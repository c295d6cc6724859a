--- A 64-bit integer equals itself before any handler is asked. LuaJIT asks, which shows once a program has
--- replaced the handler by `debug`.

local one = 1LL
local metatable = debug.getmetatable(one)
assert(one == one and one == 1LL)

debug.setmetatable(one, nil)
assert(one == one and one ~= 1LL and one ~= 1)
debug.setmetatable(one, { __eq = function() return false end })
assert(one == one and one ~= 1LL and one ~= 1)

debug.setmetatable(one, metatable)
assert(one == one and one == 1LL and one == 1)

-- Without `__tostring` it shows a serial number, as other objects do.
debug.setmetatable(one, nil)
assert(tostring(one):find("^cdata: 0x%x+$") and tostring(one) == tostring(one) and tostring(one) ~= tostring(1LL))
debug.setmetatable(one, metatable)
