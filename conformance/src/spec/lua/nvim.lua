--- Runs the tests of a spec file in this Neovim, with real threads: `nvim -l nvim.lua OPTIONS`, in JSON.
--- Writes to standard output a line `@spec {…}` for each test that begins, and one with what has become of it.
local options = vim.json.decode(arg[1])

local function part(name)
  local file = assert(io.open(options.parts .. "/" .. name .. ".lua", "rb"))
  local source = file:read("*a")
  file:close()
  return assert(loadstring(source, "=(sandbox test: " .. name .. ")"))
end

package.path = options.path .. ";" .. package.path
if options.seed ~= 0 then
  math.randomseed(options.seed)
end

local failed_threads, late, output
local index, name, began

--- What the test prints is shown when it fails.
function _G.print(...)
  local texts = {}
  for place = 1, select("#", ...) do
    texts[place] = tostring((select(place, ...)))
  end
  table.insert(output, table.concat(texts, "\t") .. "\n")
end

local function say(text)
  io.stdout:write("\n@spec ", text, "\n")
  io.stdout:flush()
end

local function emit(record)
  record.output = table.concat(output)
  record.index, record.name = index, name
  record.nanoseconds = began and vim.uv.hrtime() - began or 0
  say(vim.json.encode(record))
end

--- Sees how threads end, through what the library tells the plugin.
local function watch_threads()
  local ok, handles = pcall(require, "threading.thread")
  if not ok then
    return
  end
  local dispatch = handles.dispatch
  function handles.dispatch(what, id, ...)
    local thread = handles.threads[id]
    if what == "finished" then
      local _, outcome, traceback, is_ok, value = ...
      if not is_ok and outcome == "failed" then
        local its_name = thread and thread.name or tostring(id)
        table.insert(failed_threads, { name = its_name, value = value, traceback = traceback or "" })
      end
    end
    return dispatch(what, id, ...)
  end
end

local function reset()
  failed_threads, late, output = {}, {}, {}
end

--- Tells of errors that nobody waits for, unless the spec has its own `vim.notify`.
local notify = vim.notify
vim.notify = function(message, level, opts)
  if level == vim.log.levels.ERROR and (message:match("^thread '") or message:match("^threading: ")) then
    local first, trace = message:match("^(.-)\n(.*)$")
    table.insert(late, { message = "an error that nobody waits for: " .. (first or message), traceback = trace or "" })
    return
  end
  return notify(message, level, opts)
end

--- What Neovim only prints: errors in functions that were scheduled.
local schedule = vim.schedule
vim.schedule = function(fn)
  if type(fn) ~= "function" then
    return schedule(fn)
  end
  schedule(function()
    local trace
    local ok, problem = xpcall(fn, function(problem)
      trace = debug.traceback("", 2)
      return problem
    end)
    if not ok then
      local failure = type(problem) == "table" and problem.message and problem or nil
      local text = tostring(failure and failure.message or problem)
      table.insert(late, { message = "error in a callback on main: " .. text, traceback = trace, failure = failure })
    end
  end)
end

local host = {}

function host.test_begin(its_index, its_name)
  reset()
  index, name, began = its_index, its_name, vim.uv.hrtime()
  say(vim.json.encode({ status = "begun", index = index, name = name }))
end

function host.test_end(record)
  emit(record)
  index, name, began = 0, "", nil
end

host.file_error = emit

function host.failed_threads()
  return failed_threads
end

function host.settle()
  vim.wait(0)
  local sandbox = package.loaded["threading.sandbox"]
  if sandbox and #sandbox.list() > 0 then
    sandbox.stop_all(2000)
  end
  vim.wait(0)
  return late
end

reset()
index, name = 0, ""
watch_threads()
local values = part("values")()
local assertion = part("assert")(values)
local doubles = part("spy")(values, assertion)
part("suite")(values, assertion, doubles, host).run(options.file, options, options.helpers)
say("end")
