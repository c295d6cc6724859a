--- A callback may run coroutines of its own on main.
local scenario = ...

scenario.run(function()
  local list = {}
  scenario.on_main(function()
    local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
    for i in co do
      list[i] = i * i
      if i == 3 then break end
    end
  end)
  assert(#list == 3 and list[3] == 9)
end)
