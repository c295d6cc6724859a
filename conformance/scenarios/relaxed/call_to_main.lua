--- Relaxed: behind a call to main both sides have what the other has written.
local scenario = ...

local thread = scenario.start_relaxed(function()
  local n, t = 0, {}
  for i = 1, 50 do
    n = n + 1
    t[#t + 1] = n
    local seen = scenario.on_main(function()
      local seen = n
      n = n + 1
      t[#t + 1] = n
      return seen
    end)
    assert(seen == 2 * i - 1 and n == 2 * i and #t == 2 * i and t[2 * i] == n)
  end
  return n
end)
local ok, n = thread:join()
assert(ok and n == 100)
