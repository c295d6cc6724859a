--- A callback landed before a coroutine of main was resumed, which its clock does not tell from landing in it.
--- fire c 1 nil
--- schedule seed 912844656
--- schedule moves 1
--- schedule moves 2
--- schedule moves 3
--- schedule moves 4
local H = ...
local n, log, count, t0 = 0, {}, 0, { 7 }
local body = function(p, q) TICK
  vim.run_on_main_thread(function(callback) TICK vim.x_register('c', callback) end, function(r, s)
    vim.x_landed(n) TICK
    local v, w do local co, ok = q local kind = type(co) TICK if kind == 'thread' then HERE ok, v, w = coroutine.resume(co, nil, nil) TICK if not ok then v, w = 'failed', nil end end end
    return v, w
  end) TICK
  local v, w do local co, ok = q local kind = type(co) TICK if kind == 'thread' then HERE ok, v, w = coroutine.resume(co, nil, q) TICK if not ok then v, w = 'failed', nil end end end
  return v, w
end
return H.run(body, function() return log, count, n end, nil, coroutine.create(function(p, q) TICK
  local v, w do local co, ok = q local kind = type(co) TICK if kind == 'thread' then HERE ok, v, w = coroutine.resume(co, nil, nil) TICK if not ok then v, w = 'failed', nil end end end
  return v, w
end))
