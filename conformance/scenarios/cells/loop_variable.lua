--- Each turn of a loop has a variable of its own.
local scenario = ...

local functions = {}
for i = 1, 3 do
  functions[i] = function() i = i * 10; return i end
end
scenario.run(function()
  assert(functions[1]() == 10 and functions[3]() == 30)
end)
assert(functions[1]() == 100 and functions[2]() == 20 and functions[3]() == 300)
