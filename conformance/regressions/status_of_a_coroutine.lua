--- `coroutine.status` was a function of Lua, and so a safe point in the midst of a statement.
--- fire a 1 nil
--- schedule seed 1762528090
--- schedule moves 1
--- schedule moves 2
--- schedule moves 3
--- schedule moves 4
--- schedule moves 5
--- schedule moves 6
local H = ...
local n, log, count = 0, {}, 0
local body = function(p, q) TICK
  vim.run_on_main_thread(function(callback) TICK vim.x_register('a', callback) end, function()
    vim.x_landed(n) TICK
    p = nil
    return 1
  end) TICK
  do local co = coroutine.create(function(r, s) TICK
    count = count + 1 log[count] = s
    return r
  end) for i = 1, 2 do TICK local alive = coroutine.status(co) if alive == 'dead' then break end local ok, value = coroutine.resume(co, i, p) TICK
  end TICK end
  return p
end
return H.run(body, function() return log, count, n end, 0)
