--- nil and false upvalues of a callback are synchronised like others.
local scenario = ...

scenario.run(function()
  local a, b, c = nil, false, true
  scenario.on_main(function() assert(a == nil and b == false); a, b, c = false, nil, nil end)
  assert(a == false and b == nil and c == nil)
end)
