--- Finds, loads and checks the native library; the only file that knows where it lies.

local M = {}

--- What the Lua files of this plugin expect of the library.
M.version = "0.1.0"
M.protocol = 5

local build = "cargo build --release -p bridge-host"

--- The plugin's directory.
---@type string
M.root = vim.fs.dirname(vim.fs.dirname(vim.fs.dirname(vim.fs.normalize((debug.getinfo(1, "S").source:gsub("^@", ""))))))

--- Where the library may lie, in order of preference; `$THREADING_LIBRARY` comes first.
---@return string[]
function M.candidates()
  local file = jit.os == "OSX" and "libthreading_native.dylib" or "libthreading_native.so"
  local target = vim.env.CARGO_TARGET_DIR
  local candidates = {
    M.root .. "/target/release/" .. file,
    M.root .. "/target/debug/" .. file,
    M.root .. "/lua/threading_native.so",
  }
  if target and target ~= "" then
    table.insert(candidates, 1, target .. "/release/" .. file)
    table.insert(candidates, 2, target .. "/debug/" .. file)
  end
  local chosen = vim.env.THREADING_LIBRARY
  if chosen and chosen ~= "" then
    table.insert(candidates, 1, chosen)
  end
  return candidates
end

---@param what string
---@return string
local function advice(what)
  return ("threading: %s\nRun `%s` in %s and restart Neovim."):format(what, build, M.root)
end

--- Says what is wrong if a library is not of these Lua files.
---@param library threading.Native
---@param path? string
---@return string?
function M.misfit(library, path)
  if library.version == M.version and library.protocol == M.protocol then
    return nil
  end
  local what = "the native library %s is stale: it has version %s and protocol %s, the Lua files need version %s and protocol %s"
  return advice(what:format(path or "that runs", library.version, library.protocol, M.version, M.protocol))
end

---@type threading.Native?
local native

--- The path of the library that was loaded.
---@type string?
M.path = nil

--- Returns the library, which is loaded at the first call, or nil and what to do.
---@return threading.Native?
---@return string? problem
function M.load()
  if native then
    return native
  end
  if not jit then
    return nil, "threading: this Neovim is built without LuaJIT, which the plugin needs"
  end
  local chosen = vim.env.THREADING_LIBRARY
  if chosen and chosen ~= "" and not vim.uv.fs_stat(chosen) then
    return nil, ("threading: $THREADING_LIBRARY names %s, which does not exist"):format(chosen)
  end
  local path
  for _, candidate in ipairs(M.candidates()) do
    if vim.uv.fs_stat(candidate) then
      path = candidate
      break
    end
  end
  if not path then
    return nil, advice("the native library is not built; it was looked for in\n  " .. table.concat(M.candidates(), "\n  "))
  end
  local open, problem = package.loadlib(path, "luaopen_threading_native")
  if not open then
    return nil, advice(("the native library %s does not load: %s"):format(path, problem))
  end
  local ok, library = pcall(open)
  if not ok then
    return nil, advice(("the native library %s does not start: %s"):format(path, library))
  end
  local misfit = M.misfit(library, path)
  if misfit then
    return nil, misfit
  end
  M.path = path
  native = library
  return native
end

return M
