--- `sync = "relaxed"`: a callback on main never waits for the thread, and its writes arrive soon after.
local sandbox = require("threading.sandbox")

local function run(sync)
  local n, calls, stop, callback = 0, 0, false, nil
  local thread = sandbox.start(function()
    callback = function(last)
      assert(not (vim.is_thread and vim.is_thread()))
      calls = calls + 1
      stop = last
      return n
    end
    vim.uv.sleep(1)
    while not stop do
      n = n + 1
    end
    return calls
  end, {}, { sync = sync })
  assert(vim.wait(5000, function()
    thread:sync()
    return callback and thread:status() == "running"
  end, 1))
  local waited = thread:stats().parked_us
  local last = 0
  for _ = 1, 200 do
    local seen = callback(false)
    assert(type(seen) == "number" and seen >= last, seen)
    last = seen
    -- The thread gets back to work.
    local pause = vim.uv.hrtime() + 3e5
    repeat
    until vim.uv.hrtime() > pause
  end
  waited = thread:stats().parked_us - waited
  local function next_value()
    return callback(false)
  end
  -- It goes on telling what it has written.
  assert(vim.wait(5000, function()
    return next_value() > last
  end, 1))
  callback(true)
  local ok, seen = thread:join(5000)
  assert(ok and seen == calls and calls >= 202, ("the thread has seen %s of %d calls"):format(tostring(seen), calls))
  return waited
end

local strict, relaxed = run("strict"), run("relaxed")
assert(strict > 0 and relaxed == 0, ("waited %d us strictly, %d us relaxed"):format(strict, relaxed))
