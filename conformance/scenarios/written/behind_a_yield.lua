--- What a callback writes behind a yield is seen, whoever resumes it.
local scenario = ...

scenario.run(function()
  local n, t, co = 0, {}, nil
  scenario.on_main(function()
    co = coroutine.create(function()
      local hidden = 0
      t.hidden = function() return hidden end
      n, t.a = 1, 1
      coroutine.yield()
      n, t.b, hidden = 2, 2, 2
      coroutine.yield()
      n, t.c = 3, 3
    end)
    coroutine.resume(co)
  end)
  assert(n == 1 and t.a == 1 and t.hidden() == 0)
  scenario.on_main(function() coroutine.resume(co) end)
  assert(n == 2 and t.b == 2 and t.hidden() == 2)
  coroutine.resume(co)
  assert(n == 3 and t.c == 3)
end)
