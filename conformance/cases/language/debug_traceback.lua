--- `debug.traceback`: the format of every kind of frame, levels, messages, other coroutines, long stacks.

-- Runs source in a coroutine of its own, so that the frames below the chunk do not show.
local function check(source, expected)
  local ok, result = coroutine.resume(coroutine.create(assert(load("local traceback = debug.traceback\n" .. source, "=case"))))
  assert(ok, result)
  if result ~= expected then
    error(source .. "\n  gave\n" .. tostring(result) .. "\n  expected\n" .. expected, 0)
  end
end
local function lines(...)
  return table.concat({ "msg\nstack traceback:", ... }, "\n\t")
end

local leaf = "local function leaf() return (traceback('msg')) end\n"
check("return (traceback('msg'))", lines("case:2: in main chunk"))
check(leaf .. "return (leaf())", lines("case:2: in function 'leaf'", "case:3: in main chunk"))
check(leaf .. "local t = { f = leaf } return (t.f())", lines("case:2: in function 'f'", "case:3: in main chunk"))
check(leaf .. "local t = { f = leaf } return (t:f())", lines("case:2: in function 'f'", "case:3: in main chunk"))
check(leaf .. "g_for_traceback = leaf return (g_for_traceback())", lines("case:2: in function 'g_for_traceback'", "case:3: in main chunk"))
check(leaf .. "local function up() return (leaf()) end return (up())", lines("case:2: in function 'leaf'", "case:3: in function 'up'", "case:3: in main chunk"))
check(leaf .. "local t = { leaf } return (t[1]())", lines("case:2: in function <case:2>", "case:3: in main chunk"))
check(leaf .. "return ((function() return (leaf()) end)())", lines("case:2: in function 'leaf'", "case:3: in function <case:3>", "case:3: in main chunk"))
check(leaf .. "local function call(f) return (f()) end return (call(leaf))", lines("case:2: in function 'f'", "case:3: in function 'call'", "case:3: in main chunk"))

-- Library functions.
check(leaf .. "return select(2, pcall(leaf))", lines("case:2: in function <case:2>", "[C]: in function 'pcall'", "case:3: in main chunk"))
check(leaf .. "local r table.sort({ 1, 2 }, function() r = leaf() return false end) return r", lines("case:2: in function 'leaf'", "case:3: in function <case:3>", "[C]: in function 'sort'", "case:3: in main chunk"))
check(leaf .. "return (('x'):gsub('x', leaf))", lines("case:2: in function <case:2>", "[C]: in function 'gsub'", "case:3: in main chunk"))
check(leaf .. "return (table.foreach({ 1 }, function() return (leaf()) end))", lines("case:2: in function 'leaf'", "case:3: in function <case:3>", "[builtin:foreach]: in function 'foreach'", "case:3: in main chunk"))
check(leaf .. "return select(2, pcall(table.foreachi, { 1 }, function() return (leaf()) end))", lines("case:2: in function 'leaf'", "case:3: in function <case:3>", "[builtin:foreachi]: in function <[builtin:foreachi]:-1>", "[C]: in function 'pcall'", "case:3: in main chunk"))

-- Metamethods and iterators.
check(leaf .. "return setmetatable({}, { __index = leaf }).x", lines("case:2: in function '__index'", "case:3: in main chunk"))
check(leaf .. "return setmetatable({}, { __add = leaf }) + 1", lines("case:2: in function '__add'", "case:3: in main chunk"))
check(leaf .. "return setmetatable({}, { __concat = leaf }) .. 1", lines("case:2: in function '__concat'", "case:3: in main chunk"))
check(leaf .. "local t = setmetatable({}, { __call = leaf }) return (t())", lines("case:2: in function 't'", "case:3: in main chunk"))
check(leaf .. "local r for v in function() if not r then r = leaf() return r end end do end return r", lines("case:2: in function 'leaf'", "case:3: in function '(for generator)'", "case:3: in main chunk"))

-- Tail calls leave no trace.
check(leaf .. "local function tail() return leaf() end local r = tail() return r", lines("case:2: in function 'tail'", "case:3: in main chunk"))

-- Levels.
local two = "local function f(level) local r = traceback('msg', level) return r end\nlocal function g(level) local r = f(level) return r end\n"
check(two .. "local r = g(0) return r", lines("[C]: in function 'traceback'", "case:2: in function 'f'", "case:3: in function 'g'", "case:4: in main chunk"))
check(two .. "local r = g(1) return r", lines("case:2: in function 'f'", "case:3: in function 'g'", "case:4: in main chunk"))
check(two .. "local r = g(2) return r", lines("case:3: in function 'g'", "case:4: in main chunk"))
check(two .. "local r = g(3) return r", lines("case:4: in main chunk"))
check(two .. "local r = g(4) return r", lines())
check(two .. "local r = g(100) return r", lines())

-- Messages.
check("return (traceback())", "stack traceback:\n\tcase:2: in main chunk")
check("return (traceback(42))", "42\nstack traceback:\n\tcase:2: in main chunk")
check("return (traceback(''))", "\nstack traceback:\n\tcase:2: in main chunk")
assert(debug.traceback(nil) == nil and debug.traceback(true) == true, "what is no string is given back")
local t = {}
assert(debug.traceback(t) == t and debug.traceback(t, 1) == t)

-- Positions within a function, and across several lines.
check("local function f()\n\n  local r = traceback('msg')\n  return r\nend\nlocal r = f(\n)\nreturn r", lines("case:4: in function 'f'", "case:7: in main chunk"))

-- Of more than 22 frames the first 11 and the last 10 are shown.
local rec = "local function rec(n) if n == 0 then return (traceback('msg')) end return (rec(n - 1)) end\nlocal r = rec(%d) return r"
local function repeated(n)
  local out = {}
  for i = 1, n do
    out[i] = "case:2: in function 'rec'"
  end
  return out
end
local frames = repeated(21)
frames[22] = "case:3: in main chunk"
check(rec:format(20), lines(unpack(frames)))
frames = repeated(21)
frames[12] = "..."
frames[22] = "case:3: in main chunk"
check(rec:format(21), lines(unpack(frames)))
check(rec:format(30), lines(unpack(frames)))
check(rec:format(1000), lines(unpack(frames)))

-- Another coroutine.
local function of_coroutine(body, expected, ...)
  local co = coroutine.create(assert(load(body, "=co")))
  coroutine.resume(co)
  local trace = debug.traceback(co, ...)
  assert(trace == expected, trace)
end
local yielding = "local function inner() coroutine.yield() end\ninner()\nreturn 1"
of_coroutine(yielding, "stack traceback:\n\t[C]: in function 'yield'\n\tco:1: in function 'inner'\n\tco:2: in main chunk")
of_coroutine(yielding, lines("[C]: in function 'yield'", "co:1: in function 'inner'", "co:2: in main chunk"), "msg")
of_coroutine(yielding, lines("co:1: in function 'inner'", "co:2: in main chunk"), "msg", 1)
of_coroutine("error('x')", "stack traceback:\n\t[C]: in function 'error'\n\tco:1: in main chunk")
assert(debug.traceback(coroutine.create(print)) == "stack traceback:")

-- In an error handler the stack of the error is still there.
check("local function fail() error('msg', 0) end\nreturn select(2, xpcall(fail, traceback))", lines("[C]: in function 'error'", "case:2: in function <case:2>", "[C]: in function 'xpcall'", "case:3: in main chunk"))
check("return select(2, xpcall(function() error('msg') end, function(m) return (traceback(m:match(': (.*)'))) end))", lines("case:2: in function <case:2>", "[C]: in function 'error'", "case:2: in function <case:2>", "[C]: in function 'xpcall'", "case:2: in main chunk"))
check("return select(2, xpcall(function() local t\nt.x = 1 end, function(m) return (traceback(m:match(': (.*)'), 2)) end))", "attempt to index local 't' (a nil value)\nstack traceback:\n\tcase:3: in function <case:2>\n\t[C]: in function 'xpcall'\n\tcase:2: in main chunk")

-- There is no level below 0.
assert(debug.traceback("none", -1) == "none\nstack traceback:")
assert(debug.traceback(coroutine.create(print), "none", -1) == "none\nstack traceback:")

-- A message ends at its first zero byte, as C's strings do.
assert(debug.traceback("a\0b", -1) == "a\nstack traceback:")
