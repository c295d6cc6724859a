--- Messages for wrong arguments to the functions of `coroutine`, and which argument is looked at first.

local function check(expression, expected)
  local chunk = assert(load("local _ = " .. expression, "=case"))
  local ok, message = pcall(chunk)
  assert(not ok, expression .. " gave no error")
  if message ~= expected then
    error(expression .. "\n  gave     " .. tostring(message) .. "\n  expected " .. expected, 0)
  end
end

check("coroutine.create()", "case:1: bad argument #1 to 'create' (function expected, got no value)")
check("coroutine.create(nil)", "case:1: bad argument #1 to 'create' (function expected, got nil)")
check("coroutine.create({})", "case:1: bad argument #1 to 'create' (function expected, got table)")
check("coroutine.create(true)", "case:1: bad argument #1 to 'create' (function expected, got boolean)")
check("coroutine.create('x')", "case:1: bad argument #1 to 'create' (function expected, got string)")
check("coroutine.create(1.5)", "case:1: bad argument #1 to 'create' (function expected, got number)")
check("coroutine.create(coroutine.create(type), {})", "case:1: bad argument #1 to 'create' (function expected, got thread)")

check("coroutine.resume()", "case:1: bad argument #1 to 'resume' (coroutine expected)")

check("coroutine.status()", "case:1: bad argument #1 to 'status' (coroutine expected)")

check("coroutine.wrap()", "case:1: bad argument #1 to 'wrap' (function expected, got no value)")
check("coroutine.wrap(nil)", "case:1: bad argument #1 to 'wrap' (function expected, got nil)")
check("coroutine.wrap({})", "case:1: bad argument #1 to 'wrap' (function expected, got table)")
check("coroutine.wrap(true)", "case:1: bad argument #1 to 'wrap' (function expected, got boolean)")
check("coroutine.wrap('x')", "case:1: bad argument #1 to 'wrap' (function expected, got string)")
check("coroutine.wrap(1.5)", "case:1: bad argument #1 to 'wrap' (function expected, got number)")
check("coroutine.wrap(coroutine.create(type), {})", "case:1: bad argument #1 to 'wrap' (function expected, got thread)")
