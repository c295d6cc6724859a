--- A library that is missing, broken or stale: an error that says what to type, and an unharmed editor.
local root = vim.o.runtimepath:match("^[^,]+")
local copy = vim.fn.tempname()
vim.fn.mkdir(copy, "p")
vim.fn.system({ "cp", "-r", root .. "/lua", copy .. "/lua" })

local function start_in_copy()
  local result = vim.system({
    vim.env.NVIM_UNDER_TEST, "--clean", "--headless", "--cmd", "set runtimepath^=" .. copy,
    "-c", [[lua
      local ok, message = pcall(function()
        require("threading.sandbox").start(function() end)
      end)
      io.stdout:write(tostring(ok), "\n", tostring(message), "\n")
      vim.cmd("qa!")
    ]],
  }, { timeout = 20000, env = { CARGO_TARGET_DIR = "", THREADING_LIBRARY = "" } }):wait()
  assert(result.code == 0 and result.signal == 0, vim.inspect(result))
  return result.stdout
end

local function check(said, ...)
  assert(said:match("^false\n"), said)
  assert(said:find("cargo build --release -p bridge-host", 1, true), said)
  for _, pattern in ipairs({ ... }) do
    assert(said:match(pattern), said)
  end
end

check(start_in_copy(), "not built")

vim.fn.mkdir(copy .. "/target/debug", "p")
local library = copy .. "/target/debug/libthreading_native.so"
vim.fn.writefile({ "this is no library" }, library)
check(start_in_copy(), "does not load")

vim.fn.delete(library)
local built = vim.env.THREADING_LIBRARY
vim.uv.fs_symlink(built, library)
local native = copy .. "/lua/threading/native.lua"
local lines = vim.fn.readfile(native)
for i, line in ipairs(lines) do
  lines[i] = line:gsub("^M%.protocol = %d+", "M.protocol = 999")
end
vim.fn.writefile(lines, native)
check(start_in_copy(), "stale", "999")
vim.fn.delete(copy, "rf")
