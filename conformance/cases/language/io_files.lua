--- Files: modes, formats of `read`, positions, buffered writes that are read back, closed handles.

local name = os.tmpname()

local function contents()
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function all(...)
  local values = {}
  for i = 1, select("#", ...) do
    values[i] = tostring((select(i, ...)))
  end
  return table.concat(values, "|")
end

-- Writing, with numbers.
local file = assert(io.open(name, "w"))
assert(io.type(file) == "file" and tostring(file):find("^file %(0x%x+%)$"))
assert(file:write("line1\n", 2, " ", 3.5, "\n") == true)
assert(file:seek() == 12)
assert(file:seek("set", 2) == 2)
assert(file:write("NE"))
assert(file:seek("end") == 12)
assert(file:write("\n  0x10 -12.5e1 abc\nlast"))
assert(all(file:read()) == "nil|Bad file descriptor|9")
assert(file:close() == true)
assert(io.type(file) == "closed file" and tostring(file) == "file (closed)" and io.type(1) == nil)
assert(contents() == "liNE1\n2 3.5\n\n  0x10 -12.5e1 abc\nlast")

-- Nothing can be written to what is only read.
file = assert(io.open(name))
assert(file:write("") == true and file:write() == true and file:write("", "") == true)
assert(all(file:write("x")) == "nil|Bad file descriptor|9")
file:close()
for _, method in ipairs({ "read", "write", "lines", "seek", "flush", "close" }) do
  local ok, message = pcall(file[method], file)
  assert(not ok and message == "attempt to use a closed file")
end

-- Reading.
file = assert(io.open(name))
assert(all(file:read("*l", "*n", "*n", "*l")) == "liNE1|2|3.5|")
assert(file:read("*L") == "\n")
assert(file:read(0) == "")
assert(all(file:read("n", "n", "n", "l")) == "16|-125|nil")
assert(all(file:write("x")) == "nil|Bad file descriptor|9")
assert(file:seek("set", 6) == 6)
assert(all(file:read(1, 2, 100)) == "2| 3|.5\n\n  0x10 -12.5e1 abc\nlast")
assert(all(file:read("*a"), file:read("*a"), file:read("*l"), file:read(0), file:read(1)) == "||nil|nil|nil")
file:close()

-- Iterators.
local lines = {}
for line in io.lines(name) do
  lines[#lines + 1] = line
end
assert(table.concat(lines, "/") == "liNE1/2 3.5//  0x10 -12.5e1 abc/last")
lines = {}
for a, b in io.lines(name, 1, 3) do
  lines[#lines + 1] = all(a, b)
end
assert(lines[1] == "l|iNE" and lines[#lines] == "l|ast")
file = io.open(name)
local line = file:lines("*L")
assert(line() == "liNE1\n")
file:close()
assert(select(2, pcall(line)) == "attempt to use a closed file")

-- Update modes turn from reading to writing and back.
file = io.open(name, "r+")
assert(file:read(3) == "liN")
assert(file:seek("cur") == 3)
assert(file:write("XX"))
assert(file:seek("cur") == 5)
assert(file:read(3) == "\n2 ")
file:close()
assert(contents():sub(1, 8) == "liNXX\n2 ")
file = io.open(name, "a+")
assert(file:write("!"))
file:seek("set", 0)
assert(file:read(3) == "liN")
file:close()
assert(contents():sub(-5) == "last!")

-- More than a buffer full.
file = io.open(name, "w+")
file:write(("x"):rep(20000), "\n", ("y"):rep(20000))
file:seek("set", 19999)
assert(file:read() == "x")
assert(#file:read() == 20000)
assert(file:read() == nil)
assert(file:seek("cur", -5) == 39996)
assert(file:read(10) == "yyyyy")
file:close()

-- A file that nobody closed is written when it is collected.
do
  local forgotten = io.open(name, "w")
  forgotten:write("forgotten")
  forgotten = nil
end
collectgarbage()
collectgarbage()
assert(contents() == "forgotten")

-- Default files.
local output, input = io.output(), io.input()
io.output(name)
assert(io.write("one\ntwo") == true)
io.close()
assert(select(2, pcall(io.write, "x")) == "standard file is closed")
io.output(output)
io.input(name)
assert(io.read() == "one" and io.read("*a") == "two" and io.read() == nil)
io.close(io.input())
assert(select(2, pcall(io.read)) == "standard file is closed")
io.input(input)
assert(all(io.stdout:close()) == "nil|cannot close standard file")

-- What was written gets to the file before it is read, though it cannot be.
local writing = assert(io.open(name, "w"))
writing:write("waiting")
assert(all(writing:read(1)) == "nil|Bad file descriptor|9")
local reading = assert(io.open(name))
assert(reading:read("*a") == "waiting")
reading:close()

-- Reading all of a file never fails, so that the formats behind it are looked at.
assert(all(writing:read("*a")) == "nil|Bad file descriptor|9")
assert(select(2, pcall(writing.read, writing, "*a", true)) == "bad argument #3 to '?' (invalid option)")
assert(all(pcall(writing.read, writing, "*l", true)) == "true|nil|Bad file descriptor|9")
writing:close()

-- What cannot be opened.
assert(all(io.open("/nonexistent/x")) == "nil|/nonexistent/x: No such file or directory|2")
assert(all(io.open("/", "w")) == "nil|/: Is a directory|21")
assert(all(io.open(name, "q")) == "nil|" .. name .. ": Invalid argument|22")

assert(os.rename(name, name .. ".2") == true)
assert(all(os.rename(name, "y")) == "nil|" .. name .. ": No such file or directory|2")
assert(os.remove(name .. ".2") == true)
assert(all(os.remove(name)) == "nil|" .. name .. ": No such file or directory|2")
