--- Every wrong argument gives an error that names the line of whoever passed it, what was wrong, and what is right.
local sandbox = require("threading.sandbox")

local file = debug.getinfo(1, "S").short_src:gsub("%p", "%%%0")

--- Calls `fn`, which must fail with an error that names this file and holds `expected`.
local function refuses(expected, fn)
  local ok, problem = pcall(fn)
  assert(not ok, "accepted: " .. expected)
  assert(type(problem) == "string", vim.inspect(problem))
  assert(problem:find("^" .. file .. ":%d+: threading: "), "blames another: " .. problem)
  assert(problem:find(expected, 1, true), problem .. "\nlacks: " .. expected)
end

local function body() end
local nan = 0 / 0

-- What is started.
refuses("start takes a function, got nil", function() local _ = sandbox.start() end)
refuses("start takes a function, got table", function() local _ = sandbox.start({}) end)
refuses("the arguments must be a list, got number", function() local _ = sandbox.start(body, 1) end)
refuses("options must be a table, got number", function() local _ = sandbox.start(body, nil, 1) end)
refuses("unknown option 'nmae'; known are callbacks", function() local _ = sandbox.start(body, nil, { nmae = "x" }) end)
for _, n in ipairs({ "x", -1, 1.5, nan, math.huge }) do
  refuses("`n` of the arguments must be their number", function() local _ = sandbox.start(body, { n = n }) end)
end
refuses("at most 8000 arguments, got 1000000000", function() local _ = sandbox.start(body, { n = 1e9 }) end)
refuses("at most 8000 arguments", function() local _ = sandbox.start(body, { [1e6] = true }) end)

-- Options.
for name, wrong in pairs({
  name = { 1, "must be a string, got number" },
  callbacks = { "mian", "must be one of 'main', 'thread', 'sync', got 'mian'" },
  sync = { true, "must be a string, got boolean" },
  modules = { "none", "must be one of 'own', 'shared'" },
  fuel = { nan, "must be a number, got nan" },
  memory = { -1, "must not be negative, got -1" },
  timeout = { "1", "must be a number, got string" },
  seed = { nan, "must be a number, got nan" },
  policy = { "prue", "must be one of 'trusted', 'pure', got 'prue'" },
  on_exit = { 1, "must be a function, got number" },
}) do
  refuses(("option '%s' %s"):format(name, wrong[2]), function()
    local _ = sandbox.start(body, nil, { [name] = wrong[1] })
  end)
end

-- What it takes to begin.
for _, memory in ipairs({ 0, 1000, 1e5, 1.5e5 }) do
  local thread = sandbox.start(body, nil, { memory = memory })
  local ok, problem = thread:join(5000)
  assert(ok == false and problem:find(memory .. " bytes of memory are too few", 1, true), problem)
  assert(thread:status() == "out of memory", thread:status())
end

-- Handles.
local thread = sandbox.start(body)
refuses("join takes a number of milliseconds, got \"x\"", function() thread:join("x") end)
refuses("join takes a number of milliseconds, got -1", function() thread:join(-1) end)
refuses("join takes a number of milliseconds", function() thread:join(nan) end)
refuses("await takes a function, got string", function() thread:await("x") end)
refuses("call takes a function, got string", function() thread:call("x") end)
for _, method in ipairs({ "join", "await", "cancel", "kill", "is_running", "status", "stats", "call", "sync" }) do
  refuses(("write thread:%s(…), with a colon; got nil"):format(method), function() thread[method]() end)
end
assert(thread:join(math.huge))
assert(thread:join(1e300) and thread:join(0.5))
assert(tostring(thread) == ("thread %d '%s': finished"):format(thread.id, thread.name), tostring(thread))
refuses("has ended", function() thread:call(body) end)

-- The others.
refuses("eval takes Lua code as a string, got nil", function() local _ = sandbox.eval() end)
refuses("eval takes Lua code as text, got bytecode", function() local _ = sandbox.eval(string.dump(body)) end)
refuses("options must be a table, got number", function() local _ = sandbox.eval("", 1) end)
refuses("stop_all takes a number of milliseconds, got \"x\"", function() local _ = sandbox.stop_all("x") end)
refuses("stop_all takes a number of milliseconds, got -1", function() local _ = sandbox.stop_all(-1) end)
assert(sandbox.stop_all(math.huge) == true)

-- The clock is one on both sides.
local before = vim.uv.hrtime()
local _, there = sandbox.start(function() return vim.uv.hrtime() end):join()
assert(before < there and there < vim.uv.hrtime(), "another clock")
