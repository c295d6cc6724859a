--- A comparison of strings or tables that needed the slow path was a safe point, in the midst of its statement.
--- fire a 1 nil
--- fire a 1 nil
--- schedule moves 2 0
--- schedule moves 3 1
--- schedule moves 4 1
--- schedule moves 5 1
--- schedule moves 6 1
--- schedule moves 7 1
--- schedule moves 8 1
local H = ...
local n, log, count = 0, {}, 0
local total = 0
local body = function()
  TICK
  vim.run_on_main_thread(function(callback) TICK vim.x_register('a', callback) end, function()
    vim.x_landed(n)
    TICK
    total = total + 1
    return total
  end)
  TICK
  local one, other = {}, {}
  for i = 1, 3 do
    TICK
    setmetatable(one, nil)
    setmetatable(one, nil)
    TICK
    total = total + ((one == other or "a" < "b") and 10 or 20)
    count = count + 1
    log[count] = total
    setmetatable(one, nil)
    TICK
  end
  TICK
end
return H.run(body, function() return log, count, n, total end)
