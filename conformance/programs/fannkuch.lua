--- Stresses small integer arrays: permutations and reversals in place.

local function fannkuch(n)
  local p, q, count = {}, {}, {}
  for i = 1, n do
    p[i], q[i], count[i] = i, i, i
  end
  local checksum, most, sign = 0, 0, 1
  while true do
    local first = p[1]
    if first ~= 1 then
      for i = 2, n do
        q[i] = p[i]
      end
      local flips = 1
      while true do
        local next_first = q[first]
        if next_first == 1 then
          break
        end
        q[first] = first
        local lo, hi = 2, first - 1
        while lo < hi do
          q[lo], q[hi] = q[hi], q[lo]
          lo, hi = lo + 1, hi - 1
        end
        first = next_first
        flips = flips + 1
      end
      checksum = checksum + sign * flips
      if flips > most then
        most = flips
      end
    end

    if sign == 1 then
      p[1], p[2] = p[2], p[1]
      sign = -1
    else
      p[2], p[3] = p[3], p[2]
      sign = 1
      local i = 3
      while true do
        if count[i] ~= 1 then
          count[i] = count[i] - 1
          break
        end
        if i == n then
          return checksum, most
        end
        count[i] = i
        local moved = p[1]
        for j = 1, i do
          p[j] = p[j + 1]
        end
        i = i + 1
        p[i] = moved
      end
    end
  end
end

local total = 0
for n = 7, 9 do
  for _ = 1, 2 do
    local checksum, most = fannkuch(n)
    total = total * 3 + checksum * 100 + most
  end
end
print("checksum " .. total)
