--- What is posted keeps its arguments, nils included.
local scenario = ...

scenario.run(function()
  local n, last
  scenario.post(function(...) n, last = select("#", ...), (select(3, ...)) end, nil, nil, "c", nil)
  scenario.settle()
  assert(n == 4 and last == "c")
end)
