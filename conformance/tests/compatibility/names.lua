--- Lists what a program finds: globals, the entries of libraries, the methods of files and string buffers.

local names = {}
local function add(prefix, table)
  for name in pairs(table) do
    if type(name) == "string" and not name:find("^__") then
      names[#names + 1] = prefix .. name
    end
  end
end
local libraries = { "string", "table", "math", "bit", "coroutine", "debug", "io", "os", "package", "jit" }
for _, library in ipairs(libraries) do
  add(library .. ".", _G[library])
end
-- Made on demand.
for _, name in ipairs({ "new", "clear" }) do
  if pcall(require, "table." .. name) then
    names[#names + 1] = "table." .. name
  end
end
local buffer = require("string.buffer")
add("string.buffer.", buffer)
add("buffer:", debug.getmetatable(buffer.new()))
add("file:", debug.getmetatable(io.stdout))
add("jit.opt.", jit.opt)
for name in pairs(_G) do
  if name ~= "vim" and name ~= "arg" and name ~= "_G" and not package.loaded[name] then
    names[#names + 1] = name
  end
end
local seen, list = {}, {}
for _, name in ipairs(names) do
  if not seen[name] then
    seen[name] = true
    list[#list + 1] = name
  end
end
table.sort(list)
io.write(table.concat(list, "\n"), "\n")
