--- Looking for modules: paths, loaders of all kinds, messages, modules that fail or load each other.

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir " .. folder) == 0)
local saved_path, saved_cpath = package.path, package.cpath
package.path, package.cpath = folder .. "/?.lua;" .. folder .. "/?/init.lua;;x", folder .. "/?.none"

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name .. ".lua", "wb"))
  file:write(text)
  file:close()
end
local function check(expected, ...)
  local values = {}
  for i = 1, select("#", ...) do
    values[i] = tostring((select(i, ...))):gsub(folder:gsub("%p", "%%%0"), "F")
  end
  local found = table.concat(values, "|")
  assert(found == expected, found)
end

check(
  "false|module 'no.such-mod' not found:\n\tno field package.preload['no.such-mod']\n\tno file 'F/no/such-mod.lua'"
    .. "\n\tno file 'F/no/such-mod/init.lua'\n\tno file 'x'\n\tno file 'F/no/such-mod.none'\n\tno file 'F/no.none'",
  pcall(require, "no.such-mod")
)
check("false|bad argument #1 to '?' (string expected, got no value)", pcall(require))
package.path, package.cpath = folder .. "/?.lua", ""
check("false|module '1' not found:\n\tno field package.preload['1']\n\tno file 'F/1.lua'", pcall(require, 1))

-- What a module returns, sets, or does not.
write("m1", "return nil")
write("m2", "return false")
write("m3", "package.loaded[...] = 7")
write("m4", "package.loaded[...] = 7 return 8")
write("m5", "#!shebang\nreturn 9")
for i, value in ipairs({ "true", "false", "7", "8", "9" }) do
  check(value, require("m" .. i))
  check(value, package.loaded["m" .. i])
  check(value, require("m" .. i))
end

-- Failing ones stay marked.
write("f1", "require 'f1'")
write("f2", "x = = 1")
write("f3", "error('boom')")
write("f4", "require 'f5'")
write("f5", "require 'f4'")
check("false|F/f1.lua:1: loop or previous error loading module 'f1'", pcall(require, "f1"))
check("false|loop or previous error loading module 'f1'", pcall(require, "f1"))
check("-5.6817549271743e-322", package.loaded.f1)
for _ = 1, 2 do
  check(
    "false|error loading module 'f2' from file 'F/f2.lua':\n\tF/f2.lua:1: unexpected symbol near '='",
    pcall(require, "f2")
  )
end
check("false|F/f3.lua:1: boom", pcall(require, "f3"))
check("false|loop or previous error loading module 'f3'", pcall(require, "f3"))
check("false|F/f5.lua:1: loop or previous error loading module 'f4'", pcall(require, "f4"))
check("false|loop or previous error loading module 'f5'", pcall(require, "f5"))

-- `searchpath`.
check("nil|\n\tno file 'a/b'\n\tno file 'a/b.x'", package.searchpath("a.b", "?;?.x"))
check("nil|\n\tno file 'a.b'\n\tno file 'a.b.x'", package.searchpath("a.b", "?;?.x", "", "_"))
check("nil|\n\tno file 'ab'", package.searchpath("a.b", "?", ".", ""))
check("nil|\n\tno file 'a.%1-a.%1'", package.searchpath("a.b", "?-?", "b", "%1"))
check("nil|", package.searchpath("x", ";;"))
check("F/m1.lua", package.searchpath("m1", folder .. "/?.lua"))
check("/", package.searchpath("", "/?"))
check("false|bad argument #2 to '?' (string expected, got no value)", pcall(package.searchpath))

-- Preloaded modules and what is no function among them.
package.preload.pre = function(...)
  return select("#", ...) .. (...)
end
check("1pre", require("pre"))
package.preload.num = 5
check("false|module 'num' not found:5\n\tno file 'F/num.lua'", pcall(require, "num"))
package.preload.bad = true
check("false|module 'bad' not found:\n\tno file 'F/bad.lua'", pcall(require, "bad"))

-- Other loaders.
local loaders = package.loaders
check("\n\tno field package.preload['none']", loaders[1]("none"))
package.loaders = {}
check("false|module 'q' not found:", pcall(require, "q"))
package.loaders = {
  function()
    return 5
  end,
  function()
    return "text"
  end,
  function() end,
}
check("false|module 'q' not found:5text", pcall(require, "q"))
package.loaders = {
  function(name)
    return function(...)
      return name .. select("#", ...) .. (...)
    end, "extra"
  end,
}
check("q1q", require("q"))
package.loaders = nil
check("false|'package.loaders' must be a table", pcall(require, "q3"))
package.loaders = loaders
package.path = nil
check("false|'package.path' must be a string", pcall(require, "zz"))
package.path = 5
check("false|module 'zz' not found:\n\tno field package.preload['zz']\n\tno file '5'", pcall(require, "zz"))
package.path = ""
check("false|module 'zz' not found:\n\tno field package.preload['zz']", pcall(require, "zz"))
local preload = package.preload
package.preload = nil
check("false|'package.preload' must be a table", pcall(require, "zz"))
package.preload = preload
assert(debug.getregistry()._LOADED == package.loaded and debug.getregistry()._PRELOAD == package.preload)
package.loaded.zero = 0
check("0", require("zero"))
package.path, package.cpath = saved_path, saved_cpath
os.execute("rm -r " .. folder)
