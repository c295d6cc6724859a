--- Two thousand tables and functions handed over and dropped leave everything working.
local scenario = ...

local sum = 0
scenario.run(function()
  for i = 1, 2000 do
    local t = { i }
    scenario.on_main(function(x) sum = sum + x[1] end, t)
    if i % 500 == 0 then scenario.collect() end
  end
end)
assert(sum == 2001000)
