--- Functions and tables of the standard library are the thread's own under the same names.
local scenario = ...

local rep, lib = string.rep, table
local a, b = scenario.run(function()
  assert(rep == string.rep and lib == table and lib.concat({ 1, 2 }) == "12")
  return string.format, math
end)
assert(a == string.format and b == math)
