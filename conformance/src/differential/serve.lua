-- Reads the length of a program and the program, runs it, puts the world back in order, and again.
if vim then
  -- In a fresh state of Neovim's LuaJIT: its own has other functions in place of some, such as `print`.
  local ffi = require("ffi")
  ffi.cdef([[
    void *luaL_newstate(void);
    void luaL_openlibs(void *);
    int luaL_loadfile(void *, const char *);
    int lua_pcall(void *, int, int, int);
  ]])
  local state = ffi.C.luaL_newstate()
  ffi.C.luaL_openlibs(state)
  os.exit(ffi.C.luaL_loadfile(state, arg[0]) == 0 and ffi.C.lua_pcall(state, 0, 0, 0) or 1)
end
jit.off()
local read, write, flush = io.read, io.write, io.flush
local next, rawset, tonumber = next, rawset, tonumber
local setmetatable, globals = debug.setmetatable, _G
local sethook, collectgarbage = debug.sethook, collectgarbage

-- 64-bit integers load this by themselves, and do not survive that it is unloaded with what else is new.
pcall(require, "ffi")

-- Programs may change every library table.
local saved, order = {}, {}
local function save(t)
  if saved[t] then
    return
  end
  local copy = {}
  saved[t] = copy
  order[#order + 1] = t
  for key, value in next, t do
    copy[key] = value
  end
end
for _, name in ipairs({ "string", "table", "math", "bit", "coroutine", "debug", "os", "io" }) do
  save(_G[name])
end
save(_G)
save(package.loaded)
save(getmetatable(""))
local text_metatable = getmetatable("")

local function restore()
  sethook()
  collectgarbage("restart")
  setmetatable(nil, nil)
  setmetatable(0, nil)
  setmetatable(true, nil)
  setmetatable(restore, nil)
  setmetatable(create(restore), nil)
  setmetatable("", text_metatable)
  setmetatable(globals, nil)
  for i = 1, #order do
    local t = order[i]
    local copy = saved[t]
    local added = {}
    for key in next, t do
      if copy[key] == nil then
        added[#added + 1] = key
      end
    end
    for j = 1, #added do
      t[added[j]] = nil
    end
    for key, value in next, copy do
      rawset(t, key, value)
    end
  end
end

while true do
  local line = read("*l")
  if not line then
    break
  end
  run(read(tonumber(line)))
  restore()
  write("\0end\0\n")
  flush()
end
