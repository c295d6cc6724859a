--- A native function of the thread is a function on main: its arguments and results are shared, and count.
local scenario = ...

scenario.run(function()
  local function count(...) return select("#", ...) end
  local apply = coroutine.wrap(function(...)
    local args = { n = count(...), ... }
    while true do
      args = (function(...) return { n = count(...), ... } end)(coroutine.yield(unpack(args, 1, args.n)))
    end
  end)
  scenario.on_main(function()
    assert(type(apply) == "function")
    assert(count(apply(nil, 1, nil)) == 3)
    assert(count(apply()) == 0)
    local t = {}
    assert(apply(t) == t)
    local f = function() return t end
    assert(apply(f) == f and apply(f)() == t)
  end)
end)
