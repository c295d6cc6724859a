--- Seeded random integers, the same in every run and on every machine (xorshift).

local bit = require("bit")

--- Returns a generator of integers from 1 to what it is given.
---@param seed integer
---@return fun(limit: integer): integer
return function(seed)
  local state = bit.tobit((seed + 1) * 2654435769 % 2 ^ 32)
  if state == 0 then
    state = 1
  end
  local function random(limit)
    state = bit.bxor(state, bit.lshift(state, 13))
    state = bit.bxor(state, bit.rshift(state, 17))
    state = bit.bxor(state, bit.lshift(state, 5))
    return state % limit + 1
  end
  -- Seeds that follow each other begin alike.
  for _ = 1, 8 do
    random(2)
  end
  return random
end
