--- What is written before, in and behind a callback inside a callback is seen; also by two threads' callbacks.
local scenario = ...

local log = {}
local first = scenario.start(function()
  scenario.callback("inner", function(what)
    log[#log + 1] = what
    log.inner = (log.inner or 0) + 1
  end)
  scenario.pause()
  return table.concat(log, " "), log.inner
end)
first:step()
scenario.run(function()
  scenario.on_main(function()
    log[#log + 1] = "before"
    scenario.fire("inner", "inside")
    log[#log + 1] = "behind"
  end)
  assert(table.concat(log, " ") == "before inside behind" and log.inner == 1)
  local seen = {}
  scenario.callback("again", function(depth)
    seen[#seen + 1] = depth
    if depth < 3 then
      scenario.fire("again", depth + 1)
    end
    seen[#seen + 1] = -depth
  end)
  scenario.fire("again", 1)
  assert(table.concat(seen, " ") == "1 2 3 -3 -2 -1")
end)
local ok, text, count = first:join()
assert(ok and text == "before inside behind" and count == 1)
