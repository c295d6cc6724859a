--- A callback's stores under keys of all types are seen, deletions too.
local scenario = ...

local object, fn, itself = {}, function() end, {}
local t = { old = true, [1] = 1, [2.5] = 1, [true] = 1, [object] = 1, [fn] = 1 }

scenario.run(function()
  scenario.on_main(function()
    t[object], t[fn], t[true], t[false] = 2, 2, 2, 2
    t[2.5], t[-0], t[1e300], t[1] = 2, 2, 2, nil
    t[""], t["with\0zero"], t.old = 2, 2, nil
    t[print] = 2
    itself[itself] = itself
  end)
  assert(t[object] == 2 and t[fn] == 2 and t[true] == 2 and t[false] == 2)
  assert(t[2.5] == 2 and t[0] == 2 and t[1e300] == 2 and t[1] == nil)
  assert(t[""] == 2 and t["with\0zero"] == 2 and t.old == nil)
  assert(t[print] == 2 and itself[itself] == itself)
  scenario.on_main(function()
    for key in pairs(t) do
      t[key] = nil
    end
  end)
  assert(next(t) == nil)
end)
