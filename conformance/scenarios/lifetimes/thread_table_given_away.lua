--- A table of the thread that main has had and dropped is freed in the thread.
local scenario = ...

scenario.run(function()
  local weak = setmetatable({}, { __mode = "k" })
  local function give()
    local t = { 1 }
    weak[t] = true
    scenario.on_main(function(x) assert(x[1] == 1) end, t)
  end
  give()
  -- Each round may take what is gone only as far as the other side, which looks when nothing else is to be done.
  for _ = 1, 40 do
    scenario.collect()
    scenario.breathe()
  end
  assert(next(weak) == nil)
end)
