--- An error of a function that ran on main, which the thread does not catch, is what it was: nothing is added.
local scenario = ...

for _, text in ipairs({ "", "plain", "a:1: b" }) do
  local ok, why = scenario.start(function()
    scenario.on_main(function() error(text, 0) end)
  end):join()
  assert(not ok and why == text, why)
end
