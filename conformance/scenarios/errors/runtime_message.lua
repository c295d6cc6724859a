--- A runtime error names the variable and its line.
local scenario = ...

local ok, why = scenario.start(function()
  local t = nil
  return t.field
end):join()
assert(not ok and why:match("attempt to index local 't' %(a nil value%)"))
