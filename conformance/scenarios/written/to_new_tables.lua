--- Tables that a callback makes and stores are shared from then on, with all that is written to them.
local scenario = ...

scenario.run(function()
  local t, list = {}, {}
  scenario.on_main(function()
    local new = { deep = {} }
    new.before = 1
    t.new = new
    new.after = 2
    new.deep.x = 3
    t.again = new
    t.again.alias = 4
  end)
  local new = t.new
  assert(new.before == 1 and new.after == 2 and new.deep.x == 3 and new.alias == 4)
  scenario.on_main(function()
    new.after = nil
    t.new.deep.y = { 5 }
    t.again = nil
  end)
  assert(new.after == nil and new.deep.y[1] == 5 and t.again == nil)
  scenario.on_main(function()
    for i = 1, 3 do
      list[#list + 1] = { i }
      list[i][2] = list
    end
    list[3] = nil
  end)
  assert(#list == 2 and list[2][1] == 2 and list[1][2] == list)
end)
