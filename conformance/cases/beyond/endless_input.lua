--- Lines and numbers that never end: C's functions go on for ever, for a zero byte ends no line.

local zero = assert(io.open("/dev/zero"))
local ok, message = pcall(zero.read, zero, "*l")
assert(not ok and message == "not enough memory")
zero:close()
