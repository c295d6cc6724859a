--- `os.remove`, `os.rename`, `os.tmpname`, `os.setlocale`: results, messages, error numbers.

local function all(...)
  local values = {}
  for i = 1, select("#", ...) do
    values[i] = tostring((select(i, ...)))
  end
  return table.concat(values, "|")
end

local folder = os.tmpname()
assert(folder:find("^/tmp/lua_%w%w%w%w%w%w$"))
assert(io.popen("stat -c %a " .. folder):read("*l") == "600")
assert(all(os.remove(folder)) == "true")
assert(os.execute("mkdir " .. folder) == 0)
local function path(name)
  return folder .. "/" .. name
end
local function make(name)
  assert(io.open(path(name), "w")):close()
end
local function check(expected, ...)
  local found = all(...):gsub(folder, "F", 1)
  assert(found == expected, found)
end

check("nil|F/none: No such file or directory|2", os.remove(path("none")))
check("nil|: No such file or directory|2", os.remove(""))
make("x")
check("nil|F: Directory not empty|39", os.remove(folder))
check("nil|F/x/: Not a directory|20", os.remove(path("x/")))
check("nil|F/x/y: Not a directory|20", os.remove(path("x/y")))
os.execute("mkdir " .. path("d") .. "; ln -s d " .. path("l"))
check("true", os.remove(path("l")))
check("true", os.remove(path("d")))
check("nil|F/" .. ("x"):rep(300) .. ": File name too long|36", os.remove(path(("x"):rep(300))))
check("false|bad argument #1 to '?' (string expected, got no value)", pcall(os.remove))

check("nil|F/none: No such file or directory|2", os.rename(path("none"), path("y")))
check("true", os.rename(path("x"), path("y")))
os.execute("mkdir " .. path("d"))
check("nil|F/y: Is a directory|21", os.rename(path("y"), path("d")))
check("nil|F/d: Not a directory|20", os.rename(path("d"), path("y")))
check("nil|F/y: No such file or directory|2", os.rename(path("y"), path("none/y")))
check("false|bad argument #2 to '?' (string expected, got no value)", pcall(os.rename, "x"))
check("true", os.remove(path("y\0beyond")))
check("true", os.remove(path("d")))
check("true", os.remove(folder))

check("C", os.setlocale("C"))
check("C", os.setlocale("POSIX"))
check("C", os.setlocale(nil, "numeric"))
check("nil", os.setlocale("nowhere"))
check("false|bad argument #2 to '?' (invalid option 'x')", pcall(os.setlocale, "C", "x"))
check("nil", os.getenv("NO_SUCH_VARIABLE"))
check("nil", os.getenv("") or os.getenv("A=B"))
