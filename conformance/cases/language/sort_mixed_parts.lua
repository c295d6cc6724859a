--- Sorting a list of which one part lies in the array part and the rest in the hash part of its table.

local comparators = {
  function(a, b)
    return a > b
  end,
  function(a, b)
    return a < b
  end,
}

for n = 4, 40 do
  for extra = 1, 12 do
    for number, before in ipairs(comparators) do
      -- Entries that are gone leave room in the hash part for what is appended.
      local list = { 3, 1, 2, a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8 }
      for key in ("abcdefgh"):gmatch(".") do
        list[key] = nil
      end
      for i = 4, n do
        list[i] = (i * 7919 + extra * 31) % 101
      end
      local counts = {}
      for i = 1, n do
        counts[list[i]] = (counts[list[i]] or 0) + 1
      end
      table.sort(list, before)
      for i = 1, n do
        counts[list[i]] = counts[list[i]] - 1
        assert(i == 1 or not before(list[i], list[i - 1]), number)
      end
      for _, left in pairs(counts) do
        assert(left == 0)
      end
    end
  end
end
