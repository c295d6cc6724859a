--- 300 scheduled closures over one counter all run (threading.nvim: "Could not find function with ID 87").
local scenario = ...

local n = 0
scenario.run(function()
  for i = 1, 300 do
    scenario.post(function() n = n + 1 end)
    if i % 50 == 0 then scenario.collect() end
  end
  scenario.settle()
end)
assert(n == 300)
