--- Yields from everything else in the library that calls Lua: `string.format`, `require`, `dofile`, `load`, loaders,
--- `xpcall` handlers.
-- diverges: LuaJIT says "attempt to yield across C-call boundary".

local yield = coroutine.yield
local function run(f, ...)
  local co = coroutine.create(f)
  local out = {}
  local ok, value = coroutine.resume(co, ...)
  while ok and coroutine.status(co) ~= "dead" do
    out[#out + 1] = tostring(value)
    ok, value = coroutine.resume(co, "r" .. #out)
  end
  assert(ok, value)
  out[#out + 1] = tostring(value)
  return table.concat(out, " ")
end

-- string.format asks `__tostring`.
local named = setmetatable({}, {
  __tostring = function()
    return yield("name")
  end,
})
assert(run(function()
  return ("%s and %5s|%d"):format(named, named, 3)
end) == "name name r1 and    r2|3")

-- A module that suspends while it loads.
package.preload["beyond.slow"] = function(name)
  return { name = name, value = yield("loading") }
end
assert(run(function()
  local m = require("beyond.slow")
  return m.name .. m.value
end) == "loading beyond.slowr1")
assert(package.loaded["beyond.slow"].value == "r1")

-- A loader that suspends while it searches.
table.insert(package.loaders, 1, function(name)
  if name == "beyond.searched" then
    local found = yield("searching")
    return function()
      return found
    end
  end
end)
assert(run(function()
  return require("beyond.searched")
end) == "searching r1")
table.remove(package.loaders, 1)

-- A file.
local path = os.tmpname()
local file = assert(io.open(path, "w"))
file:write("return coroutine.yield('in the file')")
file:close()
assert(run(function()
  return dofile(path)
end) == "in the file r1")
os.remove(path)

-- A reader of `load`.
assert(run(function()
  local pieces = 0
  local f = load(function()
    pieces = pieces + 1
    if pieces == 1 then
      yield("reading")
      return "return "
    elseif pieces == 2 then
      return yield("more") and "42"
    end
  end)
  return f()
end) == "reading more 42")

-- The handler of `xpcall`.
assert(run(function()
  local ok, message = xpcall(function()
    error("broken", 0)
  end, function(m)
    return m .. " " .. yield("handling")
  end)
  return tostring(ok) .. " " .. message
end) == "handling false broken r1")

-- All at once: a sort in a replacement in a format in a module.
package.preload["beyond.nested"] = function()
  local object = setmetatable({}, {
    __tostring = function()
      return (("ba"):gsub(".+", function(s)
        local letters = { s:byte(1, -1) }
        table.sort(letters, function(a, b)
          yield("deep")
          return a < b
        end)
        return string.char(unpack(letters))
      end))
    end,
  })
  return ("<%s>"):format(object)
end
local trace = run(function()
  return require("beyond.nested")
end)
assert(trace:match("^deep .*<ab>$"), trace)
