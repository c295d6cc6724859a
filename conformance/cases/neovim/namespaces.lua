--- `vim.*` inside a sandbox: what needs the editor is a host call, what is pure Lua runs there.
local sandbox = require("threading.sandbox")

vim.g.threading_table = { a = { 1, 2 } }
local ok, why = sandbox
  .start(function()
    local buffer = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_lines(buffer, 0, -1, false, { "one", "two" })
    assert(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)[2] == "two")
    assert(vim.fn.toupper("abc") == "ABC")
    assert(vim.fn["strlen"]("abc") == 3)
    vim.cmd("let g:threading_cmd = 1")
    vim.cmd.let("g:threading_cmd2 = 2")
    assert(vim.g.threading_cmd == 1 and vim.g.threading_cmd2 == 2)
    vim.g.threading_set = { x = true }
    assert(vim.g.threading_set.x == true)
    assert(vim.g.threading_table.a[2] == 2)
    vim.o.shiftwidth = 3
    assert(vim.o.shiftwidth == 3)
    vim.bo[buffer].filetype = "lua"
    assert(vim.bo[buffer].filetype == "lua")
    vim.b[buffer].mine = "yes"
    assert(vim.b[buffer].mine == "yes")
    vim.wo.number = true
    assert(vim.wo.number == true)
    vim.go.tabstop = 4
    assert(vim.go.tabstop == 4)
    vim.w.w, vim.t.t = 1, 2
    assert(vim.w.w == 1 and vim.t.t == 2)
    assert(vim.v.version > 0)
    vim.env.THREADING_TEST = "env"
    assert(vim.env.THREADING_TEST == "env")
    assert(vim.is_thread() == true)
    assert(vim.uv.hrtime() > 0 and vim.uv.now() >= 0)

    -- Pure Lua, from the user's own runtime.
    assert(vim.inspect({ 1, { a = "b" } }) == '{ 1, {\n    a = "b"\n  } }')
    assert(vim.deep_equal(vim.split("a,b,c", ","), { "a", "b", "c" }))
    assert(vim.tbl_contains({ "x", "y" }, "y"))
    assert(vim.trim("  x ") == "x" and vim.startswith("abc", "ab"))
    local doubled = vim.iter({ 1, 2, 3 }):map(function(x) return x * 2 end):totable()
    assert(doubled[3] == 6)
    assert(vim.tbl_deep_extend("force", { a = { b = 1 } }, { a = { c = 2 } }).a.b == 1)
    assert(vim.version.parse("1.2.3").minor == 2)

    -- Anything else under `vim`, of any depth.
    assert(vim.diagnostic.severity.ERROR == 1)
    assert(type(vim.diagnostic.get(buffer)) == "table")
    assert(vim.fs.basename("/a/b.lua") == "b.lua")
    assert(vim.json.decode('{"a":[1,2]}').a[2] == 2)
    assert(vim.base64.encode("hi") == "aGk=")
    assert(vim.NIL ~= nil and tostring(vim.NIL) == "vim.NIL")
    assert(vim.json.decode("[null]")[1] == vim.NIL)
    assert(vim.fn.json_encode(vim.empty_dict()) == "{}")
    assert(vim.run_on_main_thread(function(x) return x + vim.api.nvim_get_current_buf() end, 1) == 2)
    return true
  end)
  :join(20000)
assert(ok, tostring(why))

-- What is assigned below `vim` is the editor's.
local select, chosen, handled = vim.ui.select, nil, nil
local ok, why = sandbox.start(function()
  vim.ui.select = function(items, _, on_choice) on_choice(items[2], 2) end
  vim.lsp.handlers["test/added"] = function(_, result) handled = result; return result + 1 end
  local n = 0
  for name, handler in pairs(vim.lsp.handlers) do
    assert(type(name) == "string" and type(handler) == "function")
    n = n + 1
  end
  assert(n > 5 and vim.lsp.handlers["test/added"](nil, 1) == 2)
  vim.ui.select({ "a", "b" }, {}, function(choice) assert(choice == "b") end)
  return true
end):join(20000)
assert(ok, tostring(why))
vim.ui.select({ 1, 2 }, {}, function(choice) chosen = choice end)
assert(chosen == 2 and vim.lsp.handlers["test/added"](nil, 5) == 6 and handled == 5)
vim.ui.select = select
