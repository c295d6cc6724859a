--- What an operation runs in the thread may run something on main, which may operate on the thread again.
local scenario = ...

scenario.run(function()
  local depth, path = 0, {}
  local u = newproxy(true)
  getmetatable(u).__index = function(self, k)
    depth = depth + 1
    path[#path + 1] = "in " .. k
    local result = depth < 4 and scenario.on_main(function()
      path[#path + 1] = "main " .. depth
      return self[k + 1]
    end) or "bottom"
    path[#path + 1] = "out " .. k
    return result
  end
  assert(scenario.on_main(function() return u[1] end) == "bottom")
  assert(table.concat(path, ", ") == "in 1, main 1, in 2, main 2, in 3, main 3, in 4, out 4, out 3, out 2, out 1")
end)
