--- Commands: `io.popen` in both directions, what `close` answers, and `os.execute`'s wait status.

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

-- From a command.
local command = assert(io.popen("echo one; echo two; exit 3"))
assert(io.type(command) == "file" and tostring(command):find("^file %(0x"))
assert(all(command:read("*l", "*l", "*l")) == "one|two|nil")
assert(all(command:write("x")) == "nil|Bad file descriptor|9")
assert(all(command:seek()) == "nil|Illegal seek|29")
assert(all(command:close()) == "true", "the status is not told")
assert(all(pcall(command.close, command)) == "false|attempt to use a closed file")
assert(all(io.popen("kill -9 $$"):close()) == "true")
local found = {}
for line in io.popen("echo 1; echo 2"):lines() do
  found[#found + 1] = line
end
assert(table.concat(found, ",") == "1,2")
assert(io.popen("nonexistent_command 2>&1"):read("*a") == "sh: 1: nonexistent_command: not found\n")

-- To a command.
command = assert(io.popen("cat > " .. name, "w"))
assert(all(command:write("x", 1), command:write("y")) == "true|true")
assert(all(command:read()) == "nil|Bad file descriptor|9")
assert(all(command:seek("end")) == "nil|Illegal seek|29")
assert(all(command:flush()) == "true" and all(command:close()) == "true" and contents() == "x1y")

-- What waits in other files is written first.
local file = assert(io.open(name, "w"))
file:write("pending")
assert(contents() == "")
assert(io.popen("cat " .. name):read("*a") == "pending")
file:close()

-- Modes.
assert(all(io.popen("true", "x")) == "nil|true: Invalid argument|22")
assert(all(io.popen("true", "rw")) == "nil|true: Invalid argument|22")
assert(all(io.popen("true", "r+")) == "nil|true: Invalid argument|22")
assert(all(io.popen("true", "")) == "nil|true: Invalid argument|22")
assert(all(io.popen("true", "re"):close()) == "true")
assert(all(io.popen("true\0false", "r"):close()) == "true")
assert(all(pcall(io.popen)) == "false|bad argument #1 to '?' (string expected, got no value)")

-- A forgotten command ends by itself.
do
  local forgotten = io.popen("cat > " .. name, "w")
  forgotten:write("kept")
end
collectgarbage()
collectgarbage()
for _ = 1, 100 do
  if contents() == "kept" then
    break
  end
  os.execute("sleep 0.05")
end
assert(contents() == "kept")

-- Wait statuses.
assert(all(os.execute()) == "1" and all(os.execute(nil)) == "1")
assert(os.execute("true") == 0 and os.execute("") == 0)
assert(os.execute("false") == 256 and os.execute("exit 7") == 1792 and os.execute("exit 256") == 0)
assert(os.execute("kill -9 $$") == 9)
assert(os.execute("exit 3\0exit 4") == 768)
assert(os.execute("nonexistent_command 2>/dev/null") == 127 * 256)
assert(all(pcall(os.execute, {})) == "false|bad argument #1 to '?' (string expected, got table)")
os.remove(name)
