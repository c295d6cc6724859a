--- What was written before an error is seen, wherever the error was raised; and errors are the same as ever.
local scenario = ...

local t, n = {}, 0
local function fail()
  t.fail = true
  error("failed", 0)
end

scenario.run(function()
  local ok, problem = pcall(scenario.on_main, function()
    t.a, n = 1, 1
    error("callback", 0)
  end)
  assert(not ok and problem == "callback" and t.a == 1 and n == 1)
  ok, problem = pcall(scenario.on_main, function()
    t.b = 1
    fail()
  end)
  assert(not ok and problem == "failed" and t.b == 1 and t.fail)
  local absent, text = nil, "text"
  local function message(fn)
    local ok, problem = pcall(scenario.on_main, fn)
    assert(not ok)
    return problem
  end
  assert(message(function() local gone gone.x = 1 end):find("attempt to index local 'gone' (a nil value)", 1, true))
  assert(message(function() absent.x = 1 end):find("attempt to index upvalue 'absent' (a nil value)", 1, true))
  assert(message(function() t.nowhere.x = 1 end):find("attempt to index field 'nowhere' (a nil value)", 1, true))
  assert(message(function() text.x = 1 end):find("attempt to index upvalue 'text' (a string value)", 1, true))
  assert(message(function() t[absent] = 1 end):find("index is nil", 1, true))
  assert(message(function() t[0 / 0] = 1 end):find("index is NaN", 1, true))
  assert(message(function() absent() end):find("attempt to call upvalue 'absent' (a nil value)", 1, true))
  assert(message(function() t.nowhere(1) end):find("attempt to call field 'nowhere' (a nil value)", 1, true))
  assert(message(function() t:nowhere() end):find("attempt to call method 'nowhere' (a nil value)", 1, true))
  assert(message(function() for _ in absent do end end):find("attempt to call", 1, true))
  assert(next(t, next(t)) and t[absent] == nil)
end)
