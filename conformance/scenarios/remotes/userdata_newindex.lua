--- A field assigned to main's userdata in the thread is assigned on main.
local scenario = ...

local u, store = newproxy(true), {}
getmetatable(u).__newindex = function(_, k, v) store[k] = v end
scenario.run(function() u.x = 1 end)
assert(store.x == 1)
