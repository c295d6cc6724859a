--- What a function assigns as global variables is seen, if its environment is a shared table.
local scenario = ...

scenario.run(function()
  local environment, assign = { setfenv = setfenv }, nil
  scenario.on_main(function()
    local function make()
      setfenv(1, environment)
      return function(value) name = value end -- luacheck: ignore
    end
    assign = make()
    assign(1)
  end)
  assert(environment.name == 1)
  scenario.on_main(function() assign(2) end)
  assert(environment.name == 2)
end)
