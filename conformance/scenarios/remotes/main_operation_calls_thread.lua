--- What an operation on main's value runs may call the thread's callback, which may operate on main's value again.
local scenario = ...

local u = newproxy(true)
local path = {}
getmetatable(u).__index = function(_, k)
  path[#path + 1] = "main " .. k
  return scenario.fire("inner", k)
end
scenario.run(function()
  scenario.callback("inner", function(k)
    path[#path + 1] = "callback " .. k
    return k >= 3 and "bottom" or u[k + 1]
  end)
  assert(u[1] == "bottom")
end)
assert(table.concat(path, ", ") == "main 1, callback 1, main 2, callback 2, main 3, callback 3")
