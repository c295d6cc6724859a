--- Arguments and results cross with their nils; every double survives.
local sandbox = require("threading.sandbox")

local thread = sandbox.start(function(a, b, c)
  return select("#", a, b, c), a, b, c
end, { 1, nil, "x", n = 3 })
local results = { thread:join(5000) }
assert(results[1] == true, tostring(results[2]))
assert(results[2] == 3 and results[3] == 1 and results[4] == nil and results[5] == "x")

local numbers = { 0, -0, 1 / 0, -1 / 0, 2 ^ 53, -2 ^ 53, 1e300, 0.1, 2 ^ 31, -1 }
local thread = sandbox.start(function(list)
  return list, 0 / 0, -0
end, { numbers })
local ok, list, nan, zero = thread:join(5000)
assert(ok, list)
for i, n in ipairs(numbers) do
  assert(list[i] == n and 1 / list[i] == 1 / n, i)
end
assert(nan ~= nan and 1 / zero == -math.huge)

local bytes = {}
for i = 0, 255 do
  bytes[#bytes + 1] = string.char(i)
end
local text = table.concat(bytes)
local thread = sandbox.start(function(s)
  return s == s:reverse():reverse() and s
end, { text })
assert(select(2, thread:join(5000)) == text)

-- A body that is still running is a timeout, not an error.
local slow = sandbox.start(function()
  vim.uv.sleep(300)
  return "late"
end)
local ok, why = slow:join(10)
assert(ok == nil and why == "timeout")
assert(slow:is_running())
assert(select(2, slow:join(5000)) == "late")

-- Random numbers follow the seed.
local function draw(seed)
  local ok, drawn = sandbox.start(function()
    local drawn = {}
    for n = 1, 5 do drawn[n] = math.random(1e6) end
    return table.concat(drawn, " ")
  end, nil, { seed = seed }):join(5000)
  assert(ok, drawn)
  return drawn
end
assert(draw(7) == draw(7) and draw(7) ~= draw(8) and draw() ~= draw(7) and draw() == draw(0))
