--- Two functions of one environment share it on the other side.
local scenario = ...

local env = {}
local set = setfenv(function(v) value = v end, env)
local get = setfenv(function() return value end, env)
scenario.run(function() set("by the thread"); assert(get() == "by the thread") end)
assert(get() == "by the thread" and env.value == "by the thread")
