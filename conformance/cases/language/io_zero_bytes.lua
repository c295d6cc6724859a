--- Lines with zero bytes: C's functions see the end of a string there.

local name = os.tmpname()

local function lines(text, format)
  local file = assert(io.open(name, "wb"))
  file:write(text)
  file:close()
  local found = {}
  for line in io.lines(name, format or "*l") do
    found[#found + 1] = #line > 20 and #line or line
  end
  return table.concat(found, ",")
end

assert(lines("a\0b\nnext\nlast") == "anext,last")
assert(lines("a\0b\nnext\nlast", "*L") == "anext\n,last")
assert(lines("\0\0\nx\n") == "x")
assert(lines("\0abc") == "")
assert(lines("abc\0") == "abc")
assert(lines("\n\n") == ",")
local x = ("x"):rep(8190)
assert(lines(x .. "\nabc\n") == "8190,abc")
assert(lines(x .. "x\nabc\n", "*L") == "8192,abc\n")
assert(lines(x .. "xx\nabc\n") == "8192,abc")
assert(lines(x .. "x\0abc\ndef\n") == "8194")
assert(lines(("x"):rep(9000) .. "\0junk\nrest\nmore\n") == "9004,more")
assert(lines(("a\0b"):rep(4000) .. "\nq\n") == "aq")
assert(lines(("\0"):rep(9000) .. "abc\nde") == "de")
os.remove(name)
