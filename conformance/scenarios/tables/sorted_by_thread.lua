--- What `table.sort`, `insert` and `remove` move in the thread has moved on main.
local scenario = ...

local numbers, words, records = { 5, 3, 4, 1, 2, 9, 8 }, { "pear", "fig", "apple", "date" }, {}
for i = 1, 100 do records[i] = { n = (i * 37) % 101 } end
scenario.run(function()
  table.sort(numbers)
  table.sort(words)
  table.sort(records, function(a, b) return a.n < b.n end)
  table.insert(numbers, 1, 0)
  table.remove(words, 2)
end)
assert(table.concat(numbers, " ") == "0 1 2 3 4 5 8 9", table.concat(numbers, " "))
assert(table.concat(words, " ") == "apple fig pear" and #words == 3, table.concat(words, " "))
for i = 2, 100 do assert(records[i - 1].n < records[i].n) end
