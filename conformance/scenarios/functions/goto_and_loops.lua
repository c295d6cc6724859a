--- Control flow of every kind survives the crossing of code.
local scenario = ...

local function sieve(n)
  local out = {}
  for i = 2, n do
    for j = 2, i - 1 do
      if i % j == 0 then goto continue end
    end
    out[#out + 1] = i
    ::continue::
  end
  return out
end
local list = scenario.run(function() return sieve(20) end)
assert(table.concat(list, " ") == "2 3 5 7 11 13 17 19")
