--- Relaxed: what one side lets go of while the other writes is freed or kept, never mistaken.
local scenario = ...

local box = { value = { 0 } }
local thread = scenario.start_relaxed(function()
  scenario.callback("replace", function(i) box.value = { -i } end)
  scenario.pause()
  local wrong = 0
  for i = 1, 200 do
    box.value = { i }
    if type(box.value[1]) ~= "number" then wrong = wrong + 1 end
    if i % 10 == 0 then
      scenario.breathe()
      scenario.collect()
    end
  end
  scenario.settle()
  return wrong
end)
thread:step()
for i = 1, 20 do
  scenario.post("replace", i)
  scenario.post(scenario.collect)
end
local ok, wrong = thread:join()
assert(ok and wrong == 0 and type(box.value[1]) == "number")
