--- `debug.sethook` and `debug.gethook`: which events there are, in which order, and what a hook may do.

-- Compiled traces do not look at hooks.
jit.off(true, true)

local here = debug.getinfo(1, "l").currentline
local events = {}

-- Notes an event with the line relative to the top of the file, or the name of the function.
local function note(event, line)
  local info = debug.getinfo(2, "nl")
  if event == "line" then
    events[#events + 1] = line - here
    assert(info.currentline == line)
  else
    events[#events + 1] = event .. " " .. tostring(info.name)
  end
end

-- Runs a function with a hook and returns what it has noted, but for what belongs to the call.
local function trace(mask, count, f, ...)
  events = {}
  debug.sethook(note, mask, count)
  f(...)
  debug.sethook()
  return table.concat(events, ",")
end

local function shows(found, expected)
  if found ~= expected then
    error("found    " .. found .. "\nexpected " .. expected, 2)
  end
end

-- Lines: each once, again after a jump back, and again after a call of a Lua function.
local first = debug.getinfo(1, "l").currentline - here
local function one()
  return 1
end
local function straight()
  local a = one() -- first + 5
  local b = a
  for i = 1, 2 do
    b = b + i
  end
  while b < 5 do b = b + 1 end
  return math.floor(b)
end
local function lines_of(...)
  local lines = { ... }
  for i = 1, #lines do
    lines[i] = first + lines[i]
  end
  return table.concat(lines, ",")
end
-- The first and the last line are of `trace` itself.
local function inner(text)
  return (text:gsub("^[^,]+,", ""):gsub(",[^,]+$", ""))
end
shows(inner(trace("l", 0, straight)), lines_of(5, 2, 6, 7, 8, 7, 8, 7, 10, 10, 11))

-- Calls have names where the caller has one; a tail call is a call, and only Lua functions return.
local function tail(n)
  if n > 0 then
    return tail(n - 1)
  end
  return type(n)
end
local object = { method = one }
local function calls()
  one()
  object:method()
  math.abs(-1)
  tail(1)
  pcall(one)
  return setmetatable({}, { __index = one }).x
end
shows(
  trace("c", 0, calls),
  "call f,call one,call method,call abs,call tail,call tail,call tail,call pcall,call nil,call setmetatable,"
    .. "call __index,call sethook"
)
-- `tail` has been replaced by `type`, which is native.
shows(trace("r", 0, calls), "return one,return method,return nil,return __index,return f")
local both = trace("cr", 0, function()
  one()
end)
shows(both, "call f,call one,return one,return f,call sethook")

-- Iterators, coroutines, natives that call back.
shows(
  trace("c", 0, function()
    for _ in ipairs({ 1 }) do
    end
    for _ in pairs({ 1 }) do
    end
    local thread = coroutine.wrap(one)
    thread()
    table.sort({ 2, 1 }, function(a, b)
      return a < b
    end)
    local s = tostring(setmetatable({}, { __tostring = one }))
  end),
  "call f,call ipairs,call (for generator),call (for generator),call pairs,call wrap,call thread,call nil,call sort,"
    .. "call nil,call setmetatable,call tostring,call tostring,call sethook"
)

-- Counts: every so many instructions.
local count = 0
local function loop(n)
  for i = 1, n do
  end
end
local function count_of(period, n)
  count = 0
  debug.sethook(function(event, line)
    assert(event == "count" and line == nil)
    count = count + 1
  end, "", period)
  loop(n)
  debug.sethook()
  return count
end
-- One instruction for each turn of the loop.
assert(count_of(1, 1000) - count_of(1, 0) == 1000)
assert(count_of(10, 1000) - count_of(10, 0) == 100)
assert(count_of(1000000, 1000) == 0)

-- With a count, an instruction's count comes before its line, its line before its return; without lines,
-- returns are seen when the count comes to them.
local order = {}
debug.sethook(function(event)
  order[#order + 1] = event
end, "rl", 1)
one()
debug.sethook()
shows(table.concat(order, ",", 1, 8), "count,line,count,count,line,count,return,count")

-- What `gethook` answers.
local function nothing() end
local function hook_is(f, mask, n)
  local hook, letters, period = debug.gethook()
  debug.sethook()
  assert(hook == f and letters == mask and period == n, letters .. period)
end
hook_is(nil, "", 0)
debug.sethook(nothing, "lrc")
hook_is(nothing, "crl", 0)
debug.sethook(nothing, "l", 5)
hook_is(nothing, "l", 5)
debug.sethook(nothing, "x")
hook_is(nothing, "", 0)
debug.sethook(nothing, "", -1)
hook_is(nothing, "", -1)
debug.sethook(nothing, "l")
debug.sethook(nil, "l")
hook_is(nil, "", 0)
debug.sethook(coroutine.create(one), nothing, "r", 7)
assert(debug.gethook(coroutine.create(one)) == nothing)
hook_is(nothing, "r", 7)

local function refuses(expected, ...)
  local ok, message = pcall(debug.sethook, ...)
  assert(not ok and message == expected, message)
end
refuses("bad argument #1 to '?' (function expected, got number)", 1, "l")
refuses("bad argument #2 to '?' (string expected, got no value)", nothing)
refuses("bad argument #3 to '?' (number expected, got string)", nothing, "l", "x")
refuses("bad argument #2 to '?' (function expected, got number)", coroutine.create(one), 1, "l")
assert(debug.gethook() == nil)

-- A hook is not hooked, whatever it calls.
local depth, deepest = 0, 0
debug.sethook(function()
  depth = depth + 1
  deepest = math.max(deepest, depth)
  straight()
  pcall(error, "x")
  depth = depth - 1
end, "crl", 1)
straight()
debug.sethook()
assert(deepest == 1 and depth == 0)

-- An error in a hook is one of what it interrupts: so an endless loop can be left. The hook stays.
local function stop()
  error("stop", 0)
end
local ok, message = pcall(function()
  debug.sethook(stop, "", 1000)
  while true do
  end
end)
assert(not ok and message == "stop" and debug.gethook() == stop)
debug.sethook()
-- The hook works again after it has failed.
local failures = 0
for i = 1, 5 do
  failures = failures + (pcall(function()
    debug.sethook(function()
      debug.sethook()
      stop()
    end, "c")
    one()
  end) and 0 or 1)
end
assert(failures == 5)

-- Errors caught inside the hook do not end it.
local caught = 0
debug.sethook(function()
  if not pcall(error, "inside") then
    caught = caught + 1
  end
end, "l")
local a = 1
local b = 2
debug.sethook()
assert(caught == 3, caught)

-- A handler of the interrupted code sees the hook on the stack.
local trace_of_error = select(
  2,
  xpcall(function()
    debug.sethook(function()
      debug.sethook()
      error({})
    end, "l")
    local x = 1
  end, function(value)
    assert(type(value) == "table" and debug.gethook() == nil)
    return debug.traceback("handled", 2)
  end)
)
assert(trace_of_error:find("handled\nstack traceback:\n\t[^\n]*: in function <[^\n]*>\n\t[^\n]*: in function <"))

-- Removing the hook in the hook; setting another one.
local seen = {}
debug.sethook(function()
  seen[#seen + 1] = "first"
  debug.sethook(function()
    seen[#seen + 1] = "second"
    debug.sethook()
  end, "l")
end, "l")
local x = 1
local y = 2
local z = 3
assert(table.concat(seen, ",") == "first,second" and debug.gethook() == nil)

-- A hook cannot yield.
local thread = coroutine.create(function()
  debug.sethook(function()
    debug.sethook()
    assert(not coroutine.isyieldable())
    coroutine.yield(7)
  end, "l")
  local inside = 1
end)
ok, message = coroutine.resume(thread)
assert(not ok and message:find("attempt to yield across C-call boundary", 1, true), message)
-- But it may run coroutines that do.
local yielded = {}
debug.sethook(function()
  debug.sethook()
  local co = coroutine.wrap(function()
    yielded[1] = coroutine.yield(1)
    return 2
  end)
  yielded[2] = co()
  yielded[3] = co("back")
end, "l")
local after = 1
assert(yielded[1] == "back" and yielded[2] == 1 and yielded[3] == 2)

-- One hook for all coroutines, whoever sets it.
local where = {}
local co = coroutine.wrap(function()
  debug.sethook(function()
    where[coroutine.running() or "main"] = true
  end, "l")
  coroutine.yield()
  local inside = 1
end)
co()
local outside = 1
co()
debug.sethook()
assert(where.main)
local threads = 0
for key in pairs(where) do
  threads = threads + 1
end
assert(threads == 2)

-- The frame below: a call has its arguments, and may be given others.
local function parameters(p, q, ...)
  local r = "local"
  return p, q, select("#", ...), r
end
local function at_call(action, ...)
  debug.sethook(function()
    debug.sethook()
    action()
  end, "c")
  return parameters(...)
end
local names
local function collect_names()
  names = {}
  for i = 1, 9 do
    -- 1 is this function, 2 the hook, 3 the function called.
    local name, value = debug.getlocal(3, i)
    if not name then
      break
    end
    names[i] = name .. "=" .. tostring(value)
  end
  names.line = debug.getinfo(3, "l").currentline
  names.defined = debug.getinfo(3, "S").linedefined
end
at_call(collect_names, 1)
assert(table.concat(names, " ") == "p=1 q=nil" and names.line == names.defined)
at_call(collect_names, 1, 2, 3, 4)
assert(table.concat(names, " ") == "p=1 q=2 (*temporary)=3 (*temporary)=4")
local p, q, n, r = at_call(function()
  assert(debug.getlocal(3, -1) == "(*vararg)")
  debug.setlocal(3, 2, "changed")
end, "kept", "old", 3)
assert(p == "kept" and q == "changed" and n == 1 and r == "local")
p, q, n = at_call(function()
  debug.setlocal(3, 2, "given")
end, "kept")
assert(p == "kept" and q == "given" and n == 0)

-- Natives have their arguments.
local argument
debug.sethook(function()
  debug.sethook()
  argument = { debug.getlocal(2, 1) }
end, "c")
local floor = math.floor(2.5)
assert(floor == 2 and argument[1] == "(*temporary)" and argument[2] == 2.5)

-- At a return the locals are still there; at a line they can be set.
local result
debug.sethook(function()
  if debug.getinfo(2, "f").func == parameters then
    result = select(2, debug.getlocal(2, 3))
  end
end, "r")
parameters(1, 2)
debug.sethook()
assert(result == "local")
local function settable()
  local v = 1
  local w = v
  return v
end
debug.sethook(function(_, line)
  local info = debug.getinfo(2, "f")
  if info.func == settable and debug.getlocal(2, 1) == "v" then
    debug.setlocal(2, 1, "set")
  end
end, "l")
local set = settable()
debug.sethook()
assert(set == "set")

-- Values between two instructions survive: open calls, varargs, tables, returns, concatenations.
local function many(...)
  return ...
end
local function busy()
  local big = {}
  for i = 1, 150 do
    big[i] = i
  end
  local function open(...)
    local t = { many(...) }
    local u = { 0, many(unpack(t)) }
    local function count(...)
      return select("#", ...), (select(-1, ...))
    end
    local n, last = count(many(many(unpack(u))))
    local m = count(1, many(...))
    return n, last, m, #t, #u, many(...)
  end
  local results = { open(unpack(big)) }
  assert(results[1] == 151 and results[2] == 150 and results[3] == 151 and results[4] == 150 and results[5] == 151)
  assert(#results == 155)
  for i = 1, 150 do
    assert(results[i + 5] == i)
  end
  local mt = {
    __lt = function(a, b)
      return a.v < b.v
    end,
    __concat = function(a, b)
      return "cat"
    end,
    __call = function(self, ...)
      return select("#", ...)
    end,
    __eq = function()
      return true
    end,
  }
  local one_, two_ = setmetatable({ v = 1 }, mt), setmetatable({ v = 2 }, mt)
  assert(one_ < two_ and one_ <= two_ and not (one_ > two_) and one_ == two_)
  assert("a" .. one_ .. "b" == "acat" or true)
  assert(two_(1, 2, 3) == 3)
  local sum = 0
  for k, v in pairs({ a = 1, b = 2, 3, 4 }) do
    sum = sum + v
  end
  for i, v in ipairs({ 1, 2, 3 }) do
    sum = sum + i * v
  end
  assert(sum == 24)
  local words = {}
  for word in ("a b c"):gmatch("%a") do
    words[#words + 1] = word
  end
  assert(table.concat(words) == "abc")
  assert(("abc"):gsub(".", function(c)
    return c:upper()
  end) == "ABC")
  table.sort(words, function(left, right)
    return left > right
  end)
  assert(table.concat(words) == "cba")
  assert(select(2, pcall(error, "thrown")) == "thrown")
  local co = coroutine.wrap(function(...)
    local x = coroutine.yield(...)
    return x, many(unpack(big))
  end)
  assert(select("#", co(1, 2, 3)) == 3 and select("#", co("x")) == 151)
  return many(unpack(big))
end
for _, mask in ipairs({ "", "l", "c", "r", "cr", "crl" }) do
  for period = 0, 3 do
    local called = 0
    debug.sethook(function(...)
      called = called + 1
      -- Uses registers above, and leaves something there.
      local garbage = { ..., many(1, 2, 3), debug.traceback() }
    end, mask, period)
    local given = select("#", busy())
    debug.sethook()
    assert(given == 150 and (called > 0) == (mask ~= "" or period > 0))
  end
end

-- Native functions as hooks.
debug.sethook(nothing, "l")
debug.sethook(type, "crl", 1)
local given = select("#", busy())
debug.sethook()
assert(given == 150)

-- Stripped functions have line 0.
local stripped = loadstring(string.dump(loadstring("local x = 1\nlocal y = 2\nreturn x + y"), true))
local lines = {}
debug.sethook(function(_, line)
  if debug.getinfo(2, "f").func == stripped then
    lines[#lines + 1] = line
  end
end, "l")
stripped()
debug.sethook()
assert(#lines == 1 and lines[1] == 0)

-- Finalizers are not hooked.
local finalized, in_finalizer = false, false
do
  local proxy = newproxy(true)
  getmetatable(proxy).__gc = function()
    finalized = true
  end
end
debug.sethook(function()
  local info = debug.getinfo(2, "S")
  if info.what == "Lua" then
    in_finalizer = true
  end
end, "l")
collectgarbage()
collectgarbage()
debug.sethook()
assert(finalized and not in_finalizer)
