--- What native functions write to the tables that a callback hands them is seen by the thread.
local scenario = ...

scenario.run(function()
  local t, other = { 1, 2, 3 }, {}
  scenario.on_main(function() table.insert(t, 4) end)
  assert(#t == 4 and t[4] == 4)
  local typed = setmetatable({ 1 }, {})
  scenario.on_main(function()
    for i = 2, 5 do
      table.insert(typed, i)
    end
    typed[5] = nil
    table.insert(typed, "five")
    table.insert(t, 0)
    table.remove(t)
  end)
  assert(#typed == 5 and typed[4] == 4 and typed[5] == "five" and #t == 4)
  scenario.on_main(function() table.insert(t, 1, 0) end)
  assert(#t == 5 and t[1] == 0 and t[5] == 4)
  scenario.on_main(function() return table.remove(t, 2) end)
  assert(#t == 4 and t[2] == 2)
  scenario.on_main(function() pcall(table.insert, t, 5) end)
  assert(t[5] == 5)
  scenario.on_main(function()
    local function both() return t, 6 end
    table.insert(both())
  end)
  assert(t[6] == 6)
  scenario.on_main(function() rawset(t, "raw", true) end)
  assert(t.raw)
  scenario.on_main(function() table.sort(t, function(a, b) return a > b end) end)
  assert(t[1] == 6 and t[6] == 0)
  scenario.on_main(function() setmetatable(other, { __index = t }) end)
  assert(other.raw and other[1] == 6)
  scenario.on_main(function() for k in pairs(t) do t[k] = nil end end)
  assert(next(t) == nil and other.raw == nil)
end)
