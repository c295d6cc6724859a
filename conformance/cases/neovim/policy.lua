--- What a thread may do is what its policy says, whatever way it tries; text runs under "pure".
local sandbox = require("threading.sandbox")

local function run(policy, fn, ...)
  return sandbox.start(fn, { ... }, { policy = policy }):join(10000)
end
local function refused(what, ok, message)
  assert(ok == false and tostring(message):find(what, 1, true), ("%s: %s"):format(what, tostring(message)))
end

-- Lists: what is allowed works, what is not says its name, `deny` comes first.
local policy = { allow = { "vim.api.nvim_buf_get_lines", "vim.fn.*", "vim.bo.filetype", "vim.treesitter.language.*" }, deny = { "vim.fn.system*" } }
vim.api.nvim_buf_set_lines(0, 0, -1, false, { "one", "two" })
vim.bo.filetype = "lua"
local ok, lines, upper, filetype, of_buffer = run(policy, function()
  return #vim.api.nvim_buf_get_lines(0, 0, -1, false), vim.fn.toupper("x"), vim.bo.filetype, vim.bo[0].filetype
end)
assert(ok and lines == 2 and upper == "X" and filetype == "lua" and of_buffer == "lua", lines)
for what, fn in pairs({
  ["vim.api.nvim_buf_set_lines"] = function() vim.api.nvim_buf_set_lines(0, 0, -1, false, {}) end,
  ["vim.fn.system is"] = function() vim.fn.system("id") end,
  ["vim.fn.systemlist"] = function() vim.fn.systemlist("id") end,
  ["vim.bo.modified"] = function() vim.bo.modified = true end,
  ["vim.cmd"] = function() vim.cmd("qall") end,
  ["vim.cmd.qall"] = function() vim.cmd.qall() end,
  ["vim.call"] = function() vim.call("system", "id") end,
  ["vim.uv.spawn"] = function() vim.uv.spawn("id", {}) end,
  ["vim.lsp"] = function() return vim.lsp end,
  ["vim.treesitter.get_parser"] = function() return vim.treesitter.get_parser(0) end,
  ["vim.keymap.set"] = function() vim.keymap.set("n", "x", "y") end,
  ["print is"] = function() print("x") end,
  ["vim.notify"] = function() vim.notify("x") end,
  ["to run a function on main"] = function() vim.run_on_main_thread(function() end) end,
  ["a function on main"] = function() vim.schedule(function() end) end,
  ["argument 2"] = function() vim.fn.map({ 1 }, function() end) end,
  ["no `callbacks`"] = function() vim.fn.map({ 1 }, os.execute) end,
  ["'popen' is refused"] = function() io.popen("id"):read() end,
  ["policy 'pure'"] = function() assert(io.open("/etc/passwd")) end,
}) do
  refused(what, run(policy, fn))
end
-- The way to what is allowed may be walked.
local ok, problem = run(policy, function()
  return type(vim.treesitter.language.get_lang("lua")), pcall(function() return vim.treesitter.query end)
end)
assert(ok and problem == "string", problem)
-- The pure part of `vim` needs no permission.
local ok, text = run("pure", function()
  return vim.inspect(vim.tbl_map(function(x) return x * 2 end, vim.split("1 2", " ")))
end)
assert(ok and text == "{ 2, 4 }", text)
assert(vim.api.nvim_buf_line_count(0) == 2)

-- Callbacks, if they are allowed, run in the thread.
policy.callbacks = true
local ok, squares = run(policy, function()
  return vim.fn.map({ 1, 2, 3 }, function(_, x)
    assert(vim.is_thread())
    return x * x
  end)
end)
assert(ok and squares[3] == 9, squares)
refused("built in", run(policy, function() vim.fn.map({ "id" }, os.execute) end))

-- What an untrusted function leaves behind runs in its thread too, under the policy.
local thread = sandbox.eval([[
  local n = 0
  return { attack = function() return vim.api.nvim_get_current_buf() end, ok = function() n = n + 1; return n end }
]])
local ok, config = thread:join(5000)
assert(ok and config.ok() == 1 and config.ok() == 2, config)
refused('vim.api.nvim_get_current_buf is not allowed by the policy "pure"', pcall(config.attack))
thread:kill()
assert(vim.wait(5000, function() return #sandbox.list() == 0 end, 1))
refused("has ended", pcall(config.ok))

-- Text.
local ok, sum, text = sandbox.eval("return 1 + 2, ('x'):rep(3)"):join(5000)
assert(ok and sum == 3 and text == "xxx")
refused("config.lua:2: on purpose", sandbox.eval("\nerror('on purpose')", { name = "config.lua" }):join(5000))
refused("eval:1:", sandbox.eval("return +"):join(5000))
refused("vim.g.x", sandbox.eval("vim.g.x = 1"):join(5000))
refused("ended", sandbox.eval("while true do end", { fuel = 1e5 }):join(5000))
refused("ended", sandbox.eval("local t = {} while true do t[#t + 1] = {} end", { memory = 4e6 }):join(5000))
local ok, name = sandbox.eval("return vim.fn.toupper('a')", { policy = { allow = { "vim.fn.toupper" } } }):join(5000)
assert(ok and name == "A", name)
local ok, lines = sandbox.eval("return vim.api.nvim_buf_line_count(0)", { policy = "trusted" }):join(5000)
assert(ok and lines == 2, lines)

-- Mistakes are told to whoever makes them.
for expected, options in pairs({
  ["unknown field 'permit' of a policy"] = { policy = { permit = {} } },
  ["`allow` of a policy must be a list"] = { policy = { allow = "vim.*" } },
  ["list of paths like"] = { policy = { allow = { "vim.*.x" } } },
  ["must be true or false"] = { policy = { callbacks = 1 } },
  ["cannot run on main"] = { policy = "pure", callbacks = "main" },
}) do
  local ok, message = pcall(function()
    sandbox.start(function() end, {}, options)
  end)
  assert(not ok and message:find(expected, 1, true) and message:find("policy.lua:", 1, true), message)
end
refused("got number", pcall(sandbox.eval, 1))
refused("got bytecode", pcall(sandbox.eval, string.dump(function() end)))

-- What nobody trusts does not write to Neovim's terminal.
for _, text in ipairs({
  "return io.write('on the screen')",
  "return io.stdout:write('on the screen')",
  "return io.stderr:write('on the screen')",
}) do
  local ok, written, problem = sandbox.eval(text):join(5000)
  assert(ok and written == nil and problem == "refused by the policy 'pure'", problem)
end
