--- `require`, `package` and `module`: preloading, searching, caching, errors.

package.preload["conformance.first"] = function(...)
  return { args = { ... } }
end
local first = require("conformance.first")
assert(first.args[1] == "conformance.first" and #first.args == 1)
assert(require("conformance.first") == first and package.loaded["conformance.first"] == first)

-- The result decides what is stored; without one it is true, unless the module stores something itself.
package.preload["conformance.nothing"] = function() end
assert(require("conformance.nothing") == true and package.loaded["conformance.nothing"] == true)
package.preload["conformance.stored"] = function(name)
  package.loaded[name] = "stored"
end
assert(require("conformance.stored") == "stored")
package.preload["conformance.false"] = function()
  return false
end
assert(require("conformance.false") == false)

-- Removing from package.loaded loads again.
local loads = 0
package.preload["conformance.again"] = function()
  loads = loads + 1
  return loads
end
assert(require("conformance.again") == 1 and require("conformance.again") == 1)
package.loaded["conformance.again"] = nil
assert(require("conformance.again") == 2)

-- A module that requires itself.
package.preload["conformance.loop"] = function()
  require("conformance.loop")
end
local ok, err = pcall(require, "conformance.loop")
assert(not ok and err:find("loop or previous error loading module 'conformance.loop'", 1, true), err)

-- An error while loading.
package.preload["conformance.failing"] = function()
  error("failed to load", 0)
end
ok, err = pcall(require, "conformance.failing")
assert(not ok and err == "failed to load", err)
ok, err = pcall(require, "conformance.failing")
assert(not ok and err:find("loop or previous error loading module 'conformance.failing'", 1, true), err)

-- From files by package.path.
local directory = os.tmpname()
os.remove(directory)
local file = io.open(directory .. "_mod.lua", "w")
file:write("local name, extra = ...\nreturn { name = name, extra = extra, x = 1 }\n")
file:close()
local saved_path = package.path
package.path = directory .. "_?.lua"
local mod = require("mod")
assert(mod.name == "mod" and mod.extra == nil and mod.x == 1 and package.loaded.mod == mod)
package.loaded.mod = nil
assert(package.searchpath("mod", package.path) == directory .. "_mod.lua")
local found, tried = package.searchpath("a.b", "/nowhere/?.lua;/nowhere/?/init.lua")
assert(found == nil and tried == "\n\tno file '/nowhere/a/b.lua'\n\tno file '/nowhere/a/b/init.lua'", tried)
found, tried = package.searchpath("a.b", "/nowhere/?.lua", ".", "_")
assert(found == nil and tried == "\n\tno file '/nowhere/a_b.lua'", tried)
file = io.open(directory .. "_bad.lua", "w")
file:write("x = = 1")
file:close()
ok, err = pcall(require, "bad")
assert(not ok and err:find("error loading module 'bad' from file '" .. directory .. "_bad.lua':\n\t", 1, true), err)
os.remove(directory .. "_bad.lua")
os.remove(directory .. "_mod.lua")

-- What was tried is listed.
local saved_cpath = package.cpath
package.cpath = "/nowhere/?.so"
package.path = "/nowhere/?.lua"
ok, err = pcall(require, "conformance.missing")
assert(not ok and err:find("module 'conformance.missing' not found:\n\tno field package.preload['conformance.missing']\n\tno file '/nowhere/conformance/missing.lua'", 1, true), err)
package.path, package.cpath = saved_path, saved_cpath

-- Loaders may be added.
local position = #package.loaders + 1
package.loaders[position] = function(name)
  if name == "conformance.custom" then
    return function(n)
      return "custom " .. n
    end
  end
  return "\n\tnot custom"
end
assert(require("conformance.custom") == "custom conformance.custom")
package.loaders[position] = nil

assert(type(package.path) == "string" and type(package.cpath) == "string" and type(package.config) == "string" and package.config:sub(2, 2) == "\n")
assert(package.loaded.string == string and package.loaded._G == _G and type(package.loaders) == "table" and package.searchers == nil)

-- The old `module` function.
local function old_style()
  module("conformance_old", package.seeall)
  value = 5
  function get()
    return value, type(print)
  end
end
old_style()
assert(conformance_old.value == 5 and conformance_old._NAME == "conformance_old" and conformance_old._M == conformance_old and select(2, conformance_old.get()) == "function")
assert(require("conformance_old") == conformance_old and value == nil)
conformance_old = nil

-- A number is a name.
package.preload["7"] = function(name)
  return { name = name }
end
assert(require(7).name == "7" and package.loaded["7"] == require("7"))
local ok, message = pcall(require, 0)
assert(not ok and message:find("module '0' not found:", 1, true))
