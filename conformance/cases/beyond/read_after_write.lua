--- What was written is followed by what is behind it, also without a `seek` in between.
-- diverges: C leaves that undefined, and with its library on Linux "XY" is lost and nothing read.

local name = os.tmpname()
local file = assert(io.open(name, "w"))
file:write("line1\nline2\nline3")
file:close()
file = assert(io.open(name, "r+"))
assert(file:read() == "line1" and file:write("XY") and file:read("*a") == "ne2\nline3")
file:close()
file = assert(io.open(name))
assert(file:read("*a") == "line1\nXYne2\nline3")
file:close()
os.remove(name)
