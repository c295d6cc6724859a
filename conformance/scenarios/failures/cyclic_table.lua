--- A cyclic table crosses (threading.nvim: stack overflow).
local scenario = ...

local t = { name = "ring" }
t.list = { t, { t } }
assert(scenario.run(function(x) return x.list[2][1].list[1] end, t) == t)
