--- A userdata of main is the same key on both sides.
local scenario = ...

local u = newproxy(true)
local t = { [u] = "found" }
scenario.run(function() assert(t[u] == "found"); t[u] = "changed" end)
assert(t[u] == "changed")
