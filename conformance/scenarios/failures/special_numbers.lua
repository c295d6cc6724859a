--- inf, nan, 2^53 and -0 cross (threading.nvim: Neovim aborts, -0 becomes 0).
local scenario = ...

local a, b, c, d = scenario.run(function(...) return ... end, math.huge, 0 / 0, 2 ^ 53, -0)
assert(a == math.huge and b ~= b and c == 9007199254740992 and 1 / d == -math.huge)
