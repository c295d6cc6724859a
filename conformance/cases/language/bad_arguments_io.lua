--- Messages for wrong arguments to the functions of `io`, and which argument is looked at first.

local function check(expression, expected)
  local chunk = assert(load("local _ = " .. expression, "=case"))
  local ok, message = pcall(chunk)
  assert(not ok, expression .. " gave no error")
  if message ~= expected then
    error(expression .. "\n  gave     " .. tostring(message) .. "\n  expected " .. expected, 0)
  end
end

check("io.open()", "case:1: bad argument #1 to 'open' (string expected, got no value)")
check("io.open(nil)", "case:1: bad argument #1 to 'open' (string expected, got nil)")
check("io.open({})", "case:1: bad argument #1 to 'open' (string expected, got table)")
check("io.open(true)", "case:1: bad argument #1 to 'open' (string expected, got boolean)")
check("io.open('x', {})", "case:1: bad argument #2 to 'open' (string expected, got table)")
check("io.open(type, {})", "case:1: bad argument #1 to 'open' (string expected, got function)")
check("io.open(coroutine.create(type), {})", "case:1: bad argument #1 to 'open' (string expected, got thread)")

check("io.lines({})", "case:1: bad argument #1 to 'lines' (string expected, got table)")
check("io.lines(true)", "case:1: bad argument #1 to 'lines' (string expected, got boolean)")
check("io.lines('x')", "case:1: bad argument #1 to 'lines' (x: No such file or directory)")
check("io.lines(type, {})", "case:1: bad argument #1 to 'lines' (string expected, got function)")
check("io.lines(coroutine.create(type), {})", "case:1: bad argument #1 to 'lines' (string expected, got thread)")

check("io.type()", "case:1: bad argument #1 to 'type' (value expected)")

check("io.close(nil)", "case:1: bad argument #1 to 'close' (FILE* expected, got nil)")
check("io.close({})", "case:1: bad argument #1 to 'close' (FILE* expected, got table)")
check("io.close(true)", "case:1: bad argument #1 to 'close' (FILE* expected, got boolean)")
check("io.close('x')", "case:1: bad argument #1 to 'close' (FILE* expected, got string)")
check("io.close(1.5)", "case:1: bad argument #1 to 'close' (FILE* expected, got number)")
check("io.close(type, {})", "case:1: bad argument #1 to 'close' (FILE* expected, got function)")
check("io.close(coroutine.create(type), {})", "case:1: bad argument #1 to 'close' (FILE* expected, got thread)")
