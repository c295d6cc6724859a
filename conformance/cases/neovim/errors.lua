--- Errors arrive where a Lua programmer expects them, with file and line; nothing hangs.
local sandbox = require("threading.sandbox")

local ok, message = sandbox.start(function()
  local t = nil
  return t.field
end):join(5000)
assert(ok == false)
assert(tostring(message):match("errors%.lua:6: attempt to index local 't' %(a nil value%)"), tostring(message))

-- An API error is an error of the call, in the thread, which can catch it.
local ok, caught, line = sandbox
  .start(function()
    local ok, message = pcall(vim.api.nvim_buf_set_lines, 9999, 0, -1, false, {})
    assert(not ok)
    return tostring(message)
  end)
  :join(5000)
assert(ok, caught)
assert(caught:match("Invalid buffer id: 9999"), caught)

local ok, message = sandbox.start(function()
  vim.api.nvim_buf_set_lines(9999, 0, -1, false, {})
end):join(5000)
assert(ok == false)
assert(tostring(message):match("errors%.lua:23: Invalid buffer id: 9999"), tostring(message))

-- Error values of any type keep their identity.
local token = {}
local ok, value = sandbox.start(function()
  error(token)
end):join(5000)
assert(ok == false and value == token)

-- An error in a callback is the host's to report, and the thread goes on.
local done = false
local thread = sandbox.start(function()
  vim.schedule(function()
    error("in the callback")
  end)
  vim.uv.sleep(50)
  local ok, message = pcall(vim.run_on_main_thread, function()
    error("asked for")
  end)
  assert(not ok and tostring(message):match("errors%.lua:%d+: asked for"), tostring(message))
  done = true
  return "still here"
end)
local ok, result = thread:join(5000)
assert(ok, result)
assert(result == "still here" and done)

-- A function that cannot be called.
local ok, message = sandbox.start(function()
  vim.api.nvim_no_such_function()
end):join(5000)
assert(ok == false and tostring(message):match("nvim_no_such_function"), tostring(message))

-- A captured module that the thread cannot find says so when it is used, and only then.
local phantom = { field = 1 }
package.loaded["threading-test-phantom"] = phantom
local ok, message = sandbox.start(function(use)
  local captured = phantom
  return use and captured.field
end, { true }):join(5000)
assert(ok == false)
assert(tostring(message):match("module 'threading%-test%-phantom'.*cannot be loaded in the thread"), tostring(message))
local ok, result = sandbox.start(function(use)
  local captured = phantom
  return use and captured.field
end, { false }):join(5000)
assert(ok and result == false, tostring(result))

-- Wrong arguments are told as Neovim itself tells them: by the name and the number that the program knows.
local function wrong_arguments()
  local timer, regex = vim.uv.new_timer(), vim.regex("x")
  local told = {}
  for n, fn in ipairs({
    function() local _ = timer:start("x") end,
    function() local _ = timer:start(1) end,
    function() local _ = regex:match_str({}) end,
    function() return regex:match_str({}) end,
    function() local _ = timer.start(timer, "x") end,
    function() local regex = vim.regex local _ = regex({}) end,
  }) do
    told[n] = select(2, pcall(fn))
  end
  timer:close()
  return told
end
local ok, there = sandbox.start(wrong_arguments):join(5000)
local here = wrong_arguments()
assert(ok and vim.deep_equal(here, there), vim.inspect({ here, there }))
assert(here[1]:find("bad argument #1 to 'start'", 1, true), here[1])

-- `os.exit` ends the thread alone; whether that is a failure it says itself.
for status, outcome in pairs({ [0] = "finished", [3] = "failed" }) do
  local exiting = sandbox.start(function() os.exit(status) end)
  local ok, message = exiting:join(5000)
  assert(ok == false and message:find("exited with status " .. status, 1, true), message)
  assert(exiting:status() == outcome, exiting:status())
end
