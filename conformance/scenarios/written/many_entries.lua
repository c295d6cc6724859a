--- Many stores in one callback are seen, and single ones to a large table.
local scenario = ...

local large = {}
for i = 1, 2000 do
  large[i] = i
end

scenario.run(function()
  scenario.on_main(function() large[1000] = "one" end)
  assert(large[1000] == "one" and large[999] == 999 and #large == 2000)
  local many = {}
  scenario.on_main(function()
    for i = 1, 12000 do
      many[i] = i
    end
    many.last = true
  end)
  assert(#many == 12000 and many[12000] == 12000 and many.last)
  scenario.on_main(function()
    for i = 1, 100 do
      large[i] = { i }
    end
    for i = 1, 100 do
      large[i][1] = -i
    end
  end)
  assert(large[100][1] == -100 and large[101] == 101)
end)
