--- The length of a table with holes: a border, but not always the one that LuaJIT finds by halving.

local t = { 1, 2, 3, 4 }
assert(#t == 4)
t[4] = nil
assert(#t == 3)
t[2] = nil
assert(#t == 3, "LuaJIT finds 1")

t = {}
for i = 1, 16 do
  t[i] = i
end
t[16] = nil
assert(#t == 15)
t[8] = nil
assert(#t == 15, "LuaJIT finds 7")
