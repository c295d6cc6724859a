--- A function with as many upvalues as Lua allows has all of them shared.
local scenario = ...

local names, source = {}, {}
for i = 1, 60 do
  names[i] = "v" .. i
end
local list = table.concat(names, ", ")
local text = "local " .. list .. "\nlocal function set(n) "
for i = 1, 60 do
  source[i] = ("v%d = n + %d"):format(i, i)
end
text = text .. table.concat(source, "; ") .. " end\nlocal function get() return " .. list .. " end\nreturn set, get"
local set, get = assert(loadstring(text))()
scenario.run(function() set(1000) end)
local values = { get() }
assert(#values == 60 and values[1] == 1001 and values[60] == 1060)
