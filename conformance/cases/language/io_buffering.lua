--- When written bytes reach the file, and what a full device answers.

local function all(...)
  local values = {}
  for i = 1, select("#", ...) do
    values[i] = tostring((select(i, ...)))
  end
  return table.concat(values, "|")
end

local name = os.tmpname()
local function contents()
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- A buffer of 4096 bytes; the first write goes past it if it can.
local cases = {
  { { 4095 }, "0" },
  { { 4096 }, "4096" },
  { { 4097 }, "4096" },
  { { 1, 4095 }, "0,0" },
  { { 1, 4096 }, "0,4096" },
  { { 1, 4095, 1 }, "0,0,4096" },
  { { 1, 8192 }, "0,8192" },
  { { 10000 }, "8192" },
  { { 8192, 1, 4095, 1 }, "8192,8192,8192,12288" },
  { { 100, 4000, 5000 }, "0,4096,8192" },
}
for _, case in ipairs(cases) do
  local file = assert(io.open(name, "w"))
  local sizes, total = {}, 0
  for i, size in ipairs(case[1]) do
    file:write(("x"):rep(size))
    sizes[i] = #contents()
    total = total + size
  end
  assert(table.concat(sizes, ",") == case[2], table.concat(case[1], ",") .. ": " .. table.concat(sizes, ","))
  file:close()
  assert(#contents() == total)
end

-- `setvbuf`. What was unbuffered once has a buffer of one byte.
local file = assert(io.open(name, "w"))
file:write("abc")
assert(contents() == "")
assert(file:setvbuf("no") == true and contents() == "abc")
file:write("d")
assert(contents() == "abcd")
assert(file:setvbuf("line") == true)
file:write("e")
assert(contents() == "abcd")
file:write("f\n")
assert(contents() == "abcdef\n")
file:write("g\nh")
assert(contents() == "abcdef\ng\nh")
file:close()
file = assert(io.open(name, "w"))
assert(file:setvbuf("line", 100))
file:write("first\nrest")
assert(contents() == "first\n")
file:write("more")
assert(contents() == "first\n")
file:write("\n")
assert(contents() == "first\nrestmore\n")
file:close()

-- A device without room: the error shows when the buffer is written, and what it held is lost.
local none = "nil|No space left on device|28"
for _, case in ipairs({
  { 1, "true", none, "true", none, "true" },
  { 4095, "true", none, "true", none, "true" },
  { 4096, none, "true", "true", none, "true" },
  { 10000, none, "true", "true", none, "true" },
}) do
  local full = assert(io.open("/dev/full", "w"))
  assert(all(full:write(("x"):rep(case[1]))) == case[2])
  assert(all(full:flush()) == case[3])
  assert(all(full:write("y")) == case[4])
  assert(all(full:flush()) == case[5])
  assert(all(full:close()) == case[6])
end
local full = assert(io.open("/dev/full", "w"))
full:write("x")
assert(all(full:close()) == none)
full = assert(io.open("/dev/full", "w"))
full:write("x")
assert(all(full:seek("set")) == none)
full:setvbuf("no")
assert(all(full:write("x", "y")) == none)
assert(all(pcall(full.write, full, "x", {})) == "false|bad argument #3 to '?' (string expected, got table)")
full:close()

-- Reading and writing in turns.
file = assert(io.open(name, "w"))
file:write("0123456789")
file:close()
file = assert(io.open(name, "r+"))
assert(file:read(2) == "01" and file:write("AB") and file:read(2) == "45" and file:seek() == 6)
file:write("Z")
assert(file:seek("cur") == 7 and file:seek("set") == 0 and file:read("*a") == "01AB45Z789")
file:close()
file = assert(io.open(name, "a+"))
assert(file:seek() == 0 and file:read(3) == "01A" and file:write("END") and file:seek() == 13)
assert(file:seek("set", 1) == 1 and file:read(2) == "1A" and file:write("!"))
file:close()
file = assert(io.open(name, "a"))
assert(file:seek() == 14 and file:write("1") and file:seek() == 15)
assert(file:seek("set") == 0 and file:write("2") and file:seek() == 16)
file:close()
assert(contents() == "01AB45Z789END!12")

-- Positions that cannot be, directories, modes.
file = assert(io.open(name))
assert(all(file:seek("set", -1)) == "nil|Invalid argument|22")
assert(all(file:seek("cur", -100)) == "nil|Invalid argument|22")
assert(all(file:seek("set", 0 / 0)) == "nil|Invalid argument|22")
assert(file:seek("set", 1.9) == 1 and file:seek("set", nil) == 0 and file:seek("end", 5) == 21 and file:read(1) == nil)
file:close()
local directory = assert(io.open("/"))
for _, format in ipairs({ "*l", "*a", "*n", 0, 5 }) do
  assert(all(directory:read(format)) == "nil|Is a directory|21")
end
directory:close()
assert(all(io.open("/", "w")) == "nil|/: Is a directory|21")
local ok, message = pcall(function()
  for _ in io.lines("/") do
  end
end)
assert(not ok and message:find(": Is a directory$"))
assert(all(io.open(name, "wx")) == "nil|" .. name .. ": File exists|17")
assert(all(io.open(name, "q")) == "nil|" .. name .. ": Invalid argument|22")
assert(all(io.open(name, "")) == "nil|" .. name .. ": Invalid argument|22")
file = assert(io.open(name, "wbbbbbb+"))
assert(all(file:read()) == "nil|Bad file descriptor|9", "only seven letters count")
file:close()
assert(all(pcall(function()
  return assert(io.open(name)):read(-1)
end)) == "false|not enough memory")
os.remove(name)
