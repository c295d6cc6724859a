--- The everyday uses of `io`: files written and read back, lines, numbers, positions, redirection, failures.

local name = os.tmpname()
local file = assert(io.open(name, "w"))
assert(io.type(file) == "file" and tostring(file):match("^file %(") and io.type(5) == nil and io.type(io.stdout) == "file")
assert(file:write("line 1\n", 2, " ", 2.5, "\n\nlast") == true)
assert(file:close() == true and io.type(file) == "closed file" and tostring(file) == "file (closed)")
local ok, err = pcall(file.read, file)
assert(not ok and err == "attempt to use a closed file", err)

file = assert(io.open(name))
assert(file:read() == "line 1" and file:read("*n") == 2 and file:read("*n") == 2.5 and file:read("*l") == "" and file:read("*l") == "")
assert(file:read("*a") == "last" and file:read("*a") == "" and file:read("*l") == nil and file:read("*n") == nil and file:read(1) == nil and file:read(0) == nil)
assert(file:seek("set") == 0 and file:read(4) == "line" and file:seek() == 4 and file:seek("cur", 1) == 5 and file:read(1) == "1")
assert(file:seek("end") == 18 and file:seek("set", 7) == 7 and file:read("*l") == "2 2.5")
file:seek("set")
local a, b, c = file:read(2, "*l", 0)
assert(a == "li" and b == "ne 1" and c == "")
file:seek("set")
assert(file:read("a") == "line 1\n2 2.5\n\nlast", "the asterisk may be left out")
file:seek("set")
assert(file:read("*L") == "line 1\n")
file:close()

-- Lines.
local out = {}
for line in io.lines(name) do
  out[#out + 1] = line
end
assert(table.concat(out, "|") == "line 1|2 2.5||last")
file = io.open(name)
out = {}
for line in file:lines() do
  out[#out + 1] = #line
end
assert(table.concat(out, " ") == "6 5 0 4" and io.type(file) == "file")
file:close()
ok, err = pcall(io.lines, name .. ".missing")
assert(not ok and err:find("No such file or directory", 1, true), err)

-- Appending, updating, binary content.
file = io.open(name, "a")
file:write("\nmore")
file:close()
file = io.open(name, "r+")
file:write("LINE")
file:seek("set")
assert(file:read("*l") == "LINE 1" and #file:read("*a") == 16)
file:close()
local bytes = {}
for i = 0, 255 do
  bytes[i + 1] = string.char(i)
end
bytes = table.concat(bytes)
file = io.open(name, "wb")
file:write(bytes, bytes)
file:close()
file = io.open(name, "rb")
assert(file:read("*a") == bytes .. bytes)
file:close()

-- Numbers.
file = io.open(name, "w+")
file:write("0x10 1e2 -5 .5 nothing")
file:seek("set")
local n1, n2, n3, n4, n5 = file:read("*n", "*n", "*n", "*n", "*n")
assert(n1 == 16 and n2 == 100 and n3 == -5 and n4 == 0.5 and n5 == nil)
assert(file:flush() == true and file:setvbuf("full", 1024) == true)
ok, err = pcall(file.read, file, "*x")
assert(not ok and err:find("invalid format", 1, true), err)
ok = pcall(file.write, file, {})
assert(not ok)
file:close()

-- Failures give nil, a message and a code.
local f, message, code = io.open(name .. ".missing")
assert(f == nil and message == name .. ".missing: No such file or directory" and code == 2)
f, message, code = os.remove(name .. ".missing")
assert(f == nil and message == name .. ".missing: No such file or directory" and code == 2)
f, message, code = os.rename(name .. ".missing", name)
assert(f == nil and code == 2)

-- Renaming and removing.
assert(os.rename(name, name .. ".2") == true and io.open(name) == nil and os.remove(name .. ".2") == true and io.open(name .. ".2") == nil)

-- Temporary files are writable and gone when closed.
file = io.tmpfile()
file:write("x")
file:seek("set")
assert(file:read(1) == "x")
file:close()

-- Redirected output.
local previous = io.output()
io.output(name)
assert(io.write("redirected") == true)
io.close()
io.output(previous)
local input = io.input()
io.input(name)
assert(io.read("*a") == "redirected")
io.close(io.input())
io.input(input)
os.remove(name)

-- Environment.
assert(os.getenv("A_VARIABLE_THAT_IS_NOT_SET") == nil and type(os.getenv("PATH")) == "string")
