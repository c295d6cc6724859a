--- A function that hands a callback out and returns something: the caller has it when the callback runs.
local scenario = ...

local early, runs = 0, 0
local thread = scenario.start(function()
  for i = 1, 40 do
    local handle
    handle = scenario.on_main(function()
      scenario.post(function()
        runs = runs + 1
        if handle ~= i then early = early + 1 end
      end)
      return i
    end)
    scenario.settle()
  end
end)
assert(thread:join())
scenario.settle()
assert(runs == 40, "callbacks have run")
assert(early == 0, "before the assignment")
