--- What a callback has main's own functions write is seen by the thread, however it calls them.
local scenario = ...

local n, t, list = 0, {}, { 3, 1, 2 }
local function write(key, value)
  n = n + 1
  t[key] = value or true
  return key
end
local function before(a, b)
  t.compared = true
  return a < b
end
local holder = { write = write }

scenario.run(function()
  scenario.on_main(function() write("called") end)
  assert(n == 1 and t.called)
  scenario.on_main(function() return write("as a tail") end)
  assert(n == 2 and t["as a tail"])
  scenario.on_main(function() holder.write("as a field") end)
  assert(n == 3 and t["as a field"])
  scenario.on_main(function() holder["wri" .. "te"]((function() return "with open arguments", 4 end)()) end)
  assert(n == 4 and t["with open arguments"] == 4)
  scenario.on_main(function() assert(pcall(write, "through pcall")) end)
  assert(n == 5 and t["through pcall"])
  scenario.on_main(function() assert(pcall(pcall, write, "through two")) end)
  assert(n == 6 and t["through two"])
  scenario.on_main(function() assert(xpcall(function() write("in xpcall") end, write)) end)
  assert(n == 7 and t["in xpcall"])
  scenario.on_main(function() pcall(xpcall, error, function() write("as a handler") end) end)
  assert(n == 8 and t["as a handler"])
  scenario.on_main(function() coroutine.wrap(write)("in a coroutine") end)
  assert(n == 9 and t["in a coroutine"])
  scenario.on_main(function() return (("gsub"):gsub("%a+", write)) end)
  assert(n == 10 and t.gsub)
  scenario.on_main(function() for _ in write, "iterator" do break end end)
  assert(n == 11 and t.iterator)
  scenario.on_main(function() table.sort(list, before) end)
  assert(t.compared and list[1] == 1 and list[3] == 3)
end)
