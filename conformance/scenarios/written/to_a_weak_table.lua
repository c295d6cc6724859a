--- What a callback writes to a weak table is seen as long as it is there.
local scenario = ...

scenario.run(function()
  local key, value = {}, {}
  local weak = setmetatable({}, { __mode = "kv" })
  scenario.on_main(function()
    weak[key] = value
    weak[1] = key
    weak.plain = 7
  end)
  assert(weak[key] == value and weak[1] == key and weak.plain == 7)
  scenario.on_main(function() weak[1] = nil end)
  scenario.collect()
  assert(weak[key] == value and weak[1] == nil and weak.plain == 7)
end)
