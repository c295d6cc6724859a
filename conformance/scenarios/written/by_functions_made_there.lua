--- What functions write that a callback has made is seen, in whichever callback they run.
local scenario = ...

local main_count = 0
local function make()
  local own = 0
  return function()
    main_count = main_count + 1
    own = own + 1
    return own
  end
end

scenario.run(function()
  local count, get, up, own = 0, nil, nil, nil
  scenario.on_main(function()
    local hidden = 0
    up = function()
      count = count + 1
      hidden = hidden + 1
    end
    get = function() return hidden end
    hidden = 10
    own = make()
  end)
  assert(get() == 10)
  scenario.on_main(function() up() end)
  assert(count == 1 and get() == 11)
  up()
  assert(count == 2 and get() == 12)
  scenario.on_main(function() pcall(up) end)
  assert(count == 3 and get() == 13)
  scenario.on_main(function() assert(own() == 1) end)
  assert(main_count == 1)
  assert(own() == 2 and main_count == 2)
  scenario.on_main(function() assert(own() == 3) end)
  assert(main_count == 3)
end)
