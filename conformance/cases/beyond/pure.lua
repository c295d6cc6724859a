--- policy: pure
--- The policy `pure`: no files, no variables, no processes; what is refused says so.

local function all(...)
  local values = {}
  for i = 1, select("#", ...) do
    values[i] = tostring((select(i, ...)))
  end
  return table.concat(values, "|")
end

local reason = "refused by the policy 'pure'"
local function raises(expected, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and message == expected, message)
end

assert(all(io.open("/etc/passwd")) == "nil|/etc/passwd: " .. reason .. "|13")
assert(all(io.open("/tmp/x", "w")) == "nil|/tmp/x: " .. reason .. "|13")
assert(all(os.remove("/tmp/x")) == "nil|/tmp/x: " .. reason .. "|13")
assert(all(os.rename("/tmp/x", "/tmp/y")) == "nil|/tmp/x: " .. reason .. "|13")
assert(all(io.tmpfile()) == "nil|" .. reason .. "|13")
assert(all(loadfile("/etc/passwd")) == "nil|cannot open /etc/passwd: " .. reason)
raises("bad argument #1 to '?' (/etc/passwd: " .. reason .. ")", io.lines, "/etc/passwd")
raises("bad argument #1 to '?' (/etc/passwd: " .. reason .. ")", io.input, "/etc/passwd")
raises("unable to generate a unique filename", os.tmpname)
raises("'popen' is " .. reason, io.popen, "true")
raises("'execute' is " .. reason, os.execute, "true")
assert(os.execute() == 0 and os.getenv("PATH") == nil and io.read() == nil)
assert(not pcall(require, "some.module"))
