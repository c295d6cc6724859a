--- Collects the tests of a spec file and runs them: `describe`, `it`, hooks, `pending`, `finally`.
local values, assertion, doubles, host = ...

local Failure = assertion.Failure

--- What `pending("why")` inside a test raises.
local Pending = {}

---@class spec.Block
---@field name string
---@field parent? spec.Block
---@field children table[]
---@field hooks table<string, function[]>

local M = {}

local current

local function place(level)
  local info = debug.getinfo(level + 1, "Sl")
  return info and info.short_src or "?", info and info.currentline or 0
end

local function new_block(name, parent)
  return {
    name = name,
    parent = parent,
    children = {},
    hooks = { before_each = {}, after_each = {}, setup = {}, teardown = {} },
  }
end

local tests

--- The spec file's path, and as messages and tracebacks shorten it.
local path, short_path

local function check_name(what, name, level)
  if type(name) ~= "string" then
    error(("%s takes a name and a function, got %s"):format(what, type(name)), level + 1)
  end
end

--- Tables whose fields an `insulate` block gives back as they were.
local function insulated()
  local saved = {}
  for _, object in ipairs({ _G, package.loaded }) do
    local fields = {}
    for key, value in next, object do
      fields[key] = value
    end
    saved[object] = fields
  end
  return function()
    for object, fields in next, saved do
      for key in next, object do
        if fields[key] == nil then
          object[key] = nil
        end
      end
      for key, value in next, fields do
        object[key] = value
      end
    end
  end
end

local function describe(what, is_insulated)
  return function(name, body)
    check_name(what, name, 2)
    if type(body) ~= "function" then
      error(("%s '%s' takes a function"):format(what, name), 2)
    end
    if not current then
      error(("%s '%s' stands inside a test; it belongs around tests"):format(what, name), 2)
    end
    local block = new_block(name, current)
    block.is_insulated = is_insulated
    table.insert(current.children, block)
    local outer = current
    current = block
    local restore = is_insulated and insulated()
    -- As in busted: a block that fails has no tests, and the others run.
    local problem = M.protect(body, { file = short_path })
    if problem then
      problem.file = problem.file or path
      if problem.file == short_path then
        problem.file = path
      end
      host.file_error(problem)
      block.children = {}
    end
    if restore then
      restore()
    end
    current = outer
  end
end

local function full_name(block, name)
  local names = { name }
  while block and block.name do
    table.insert(names, 1, block.name)
    block = block.parent
  end
  return table.concat(names, " ")
end

local function add_test(name, body, file, line)
  local test = {
    is_test = true,
    name = full_name(current, name),
    short = name,
    parent = current,
    body = body,
    file = file,
    line = line,
    index = #tests + 1,
  }
  table.insert(tests, test)
  table.insert(current.children, test)
end

local function it(name, body)
  check_name("it", name, 2)
  if not current then
    error(("it '%s' stands inside another test"):format(name), 2)
  end
  if body ~= nil and type(body) ~= "function" then
    error(("it '%s' takes a function, got %s"):format(name, type(body)), 2)
  end
  add_test(name, body, place(2))
end

local finalizers

local function pending(name)
  if not current then
    error(setmetatable({ reason = name }, Pending), 0)
  end
  check_name("pending", name, 2)
  add_test(name, nil, place(2))
end

local function hook(kind)
  return function(body)
    if type(body) ~= "function" then
      error(("%s takes a function, got %s"):format(kind, type(body)), 2)
    end
    if not current then
      error(("%s stands inside a test; it belongs beside tests"):format(kind), 2)
    end
    table.insert(current.hooks[kind], body)
  end
end

local function finally(body)
  if not finalizers then
    error("finally belongs inside a test", 2)
  end
  if type(body) ~= "function" then
    error(("finally takes a function, got %s"):format(type(body)), 2)
  end
  table.insert(finalizers, 1, body)
end

--- The global functions of a spec.
local globals = {
  describe = describe("describe"),
  context = describe("context"),
  expose = describe("expose"),
  insulate = describe("insulate", true),
  it = it,
  spec = it,
  test = it,
  pending = pending,
  before_each = hook("before_each"),
  after_each = hook("after_each"),
  setup = hook("setup"),
  lazy_setup = hook("setup"),
  strict_setup = hook("setup"),
  teardown = hook("teardown"),
  lazy_teardown = hook("teardown"),
  strict_teardown = hook("teardown"),
  finally = finally,
  randomize = function() end,
  assert = assertion.assert,
  spy = doubles.spy,
  stub = doubles.stub,
  mock = doubles.mock,
  match = doubles.match,
}

--- Modules that specs know from elsewhere.
local modules = {
  busted = globals,
  luassert = assertion.assert,
  ["luassert.assert"] = assertion.assert,
  ["luassert.spy"] = doubles.spy,
  ["luassert.stub"] = doubles.stub,
  ["luassert.mock"] = doubles.mock,
  ["luassert.match"] = doubles.match,
  say = setmetatable({
    set = function(_, key, text)
      assertion.messages[key] = text
    end,
    -- All languages have the same texts.
    set_namespace = function() end,
    set_fallback = function() end,
  }, {
    __call = function(_, key, values)
      local text = assertion.messages[key] or key
      local shown = {}
      for index = 1, values and (values.n or #values) or 0 do
        shown[index] = tostring(values[index])
      end
      return #shown > 0 and text:format(unpack(shown)) or text
    end,
  }),
}

-- Running -------------------------------------------------------------------------------------------

--- Leaves out the frames of this runner.
local function clean(trace)
  local lines = {}
  for line in (trace or ""):gmatch("[^\n]+") do
    if line:find("(sandbox test: ", 1, true) or line:find("/spec/lua/nvim.lua:", 1, true) then
      -- `pcall` and its kin belong to it as well.
      while lines[#lines] and lines[#lines]:match("^%s*%[C%]: in function '?x?pcall'?$") do
        lines[#lines] = nil
      end
    elseif not line:match("^stack traceback:") then
      lines[#lines + 1] = line
    end
  end
  return table.concat(lines, "\n")
end

--- Returns file and line of the first frame that lies in a file, rather in the spec than elsewhere.
local function position(trace, file)
  local first_file, first_line
  for line in trace:gmatch("[^\n]+") do
    local found, number = line:match("^%s*([^:\n]+):(%d+): in")
    if found and found ~= "[C]" then
      if found == file then
        return found, tonumber(number)
      end
      first_file, first_line = first_file or found, first_line or tonumber(number)
    end
  end
  return first_file, first_line
end

--- Returns an error as text.
local function describe_error(problem)
  if type(problem) == "string" or type(problem) == "number" then
    return tostring(problem)
  elseif type(problem) == "table" and not (getmetatable(problem) or {}).__tostring then
    return values.show(problem)
  end
  local ok, text = pcall(tostring, problem)
  return ok and type(text) == "string" and text or "an error of type " .. type(problem)
end

--- Whether an error is, or tells of, what ended a thread.
local function is_from(problem, thread)
  if rawequal(problem, thread.value) then
    return problem ~= nil
  end
  -- `assert(thread:join())` fails with its message.
  local text = getmetatable(problem) == Failure and problem.message or problem
  return type(text) == "string" and type(thread.value) == "string" and text:find(thread.value, 1, true) ~= nil
end

--- Runs a function; returns nil or a record of what went wrong.
local function protect(fn, test)
  local trace
  local ok, problem = xpcall(fn, function(problem)
    trace = debug.traceback("", 2)
    return problem
  end)
  if ok then
    return nil
  end
  if getmetatable(problem) == Pending then
    return { status = "pending", message = problem.reason and tostring(problem.reason) or nil }
  end
  local record = { status = "error", threads = {} }
  local file = test and test.file
  local threads = host.failed_threads()
  for index = #threads, 1, -1 do
    if is_from(problem, threads[index]) then
      local thread = threads[index]
      record.threads[1] = { name = thread.name, traceback = clean(thread.traceback) }
      break
    end
  end
  if getmetatable(problem) == Failure then
    record.status = "failed"
    record.message, record.expected, record.actual = problem.message, problem.expected, problem.actual
    if not record.threads[1] then
      trace = problem.trace or trace
    end
    if problem.inner_trace then
      table.insert(record.threads, { name = "the error", traceback = clean(problem.inner_trace) })
    end
  else
    record.message = describe_error(problem)
  end
  record.traceback = clean(trace)
  if record.threads[1] then
    record.file, record.line = position(record.threads[1].traceback, file)
    if record.file ~= file then
      record.file, record.line = nil, nil
    end
  end
  if not record.file then
    record.file, record.line = position(record.traceback, file)
  end
  if not record.file then
    -- A syntax error, or one in a hook of C: the message may say where.
    local found, line = (record.message or ""):match("^([^:\n]+):(%d+):")
    record.file, record.line = found, tonumber(line)
  end
  return record
end

M.protect = protect

local function chain_of(block)
  local blocks = {}
  while block do
    table.insert(blocks, 1, block)
    block = block.parent
  end
  return blocks
end

--- Keeps the first problem; later ones are noted behind it.
local function add_problem(first, more)
  if not more then
    return first
  elseif not first or (first.status == "pending" and more.status ~= "pending") then
    return more
  elseif more.status ~= "pending" then
    first.message = ("%s\nand then: %s"):format(first.message or "", more.message or "")
  end
  return first
end

local function run_hooks(blocks, kind, from, to, step, test)
  local problem
  for index = from, to, step do
    for _, body in ipairs(blocks[index].hooks[kind]) do
      problem = add_problem(problem, protect(body, test))
      if problem and kind == "before_each" then
        return problem
      end
    end
  end
  return problem
end

local function run_test(test)
  host.test_begin(test.index, test.name)
  if not test.body then
    host.test_end({ status = "pending", file = path, line = test.line })
    return
  end
  finalizers = {}
  local snapshot = assertion.snapshot()
  local blocks = chain_of(test.parent)
  local problem = test.parent.problem or run_hooks(blocks, "before_each", 1, #blocks, 1, test)
  problem = problem or protect(test.body, test)
  for _, body in ipairs(finalizers) do
    problem = add_problem(problem, protect(body, test))
  end
  problem = add_problem(problem, run_hooks(blocks, "after_each", #blocks, 1, -1, test))
  finalizers = nil
  -- Only now: a stub must answer what comes late.
  for _, late in ipairs(host.settle()) do
    local failure, trace = late.failure or {}, clean(late.traceback)
    local file, line = position(trace, test.file)
    local is_here = file == test.file
    problem = add_problem(problem, {
      status = "error",
      message = late.message,
      expected = failure.expected,
      actual = failure.actual,
      traceback = trace,
      threads = {},
      file = is_here and file or test.file,
      line = is_here and line or test.line,
    })
  end
  snapshot:revert()
  local record = problem or { status = "passed" }
  record.file, record.line = record.file or test.file, record.line or test.line
  if record.file == short_path then
    record.file = path
  end
  host.test_end(record)
end

local function count_wanted(block, wanted)
  local count = 0
  for _, child in ipairs(block.children) do
    if child.is_test then
      count = count + (wanted(child) and 1 or 0)
    else
      count = count + count_wanted(child, wanted)
    end
  end
  return count
end

local function run_block(block, wanted)
  if count_wanted(block, wanted) == 0 then
    return
  end
  local restore = block.is_insulated and insulated()
  local snapshot = assertion.snapshot()
  block.problem = block.parent and block.parent.problem
  for _, body in ipairs(block.hooks.setup) do
    block.problem = block.problem or protect(body)
  end
  for _, child in ipairs(block.children) do
    if not child.is_test then
      run_block(child, wanted)
    elseif wanted(child) then
      run_test(child)
    end
  end
  for _, body in ipairs(block.hooks.teardown) do
    local problem = protect(body)
    if problem then
      host.file_error(problem)
    end
  end
  snapshot:revert()
  if restore then
    restore()
  end
end

---@class spec.Selection
---@field filter string[] Lua patterns, one of which a name must match
---@field exclude string[] Lua patterns, none of which it may match
---@field first? integer number of the first test to run
---@field last? integer

--- Returns a function that says whether a test is to be run.
local function selector(selection)
  local function matches(name, patterns)
    for _, pattern in ipairs(patterns) do
      if name:find(pattern) then
        return true
      end
    end
    return false
  end
  return function(test)
    if selection.first and test.index < selection.first or selection.last and test.index > selection.last then
      return false
    end
    if #selection.filter > 0 and not matches(test.name, selection.filter) then
      return false
    end
    return not matches(test.name, selection.exclude)
  end
end

--- Runs a spec file.
---@param file string
---@param selection spec.Selection
---@param helpers string[] files to run before it
function M.run(file, selection, helpers)
  for _, patterns in ipairs({ selection.filter, selection.exclude }) do
    for _, pattern in ipairs(patterns) do
      local ok, problem = pcall(string.find, "", pattern)
      if not ok then
        host.file_error({ status = "error", file = file, message = ("'%s' is no Lua pattern: %s"):format(pattern, problem) })
        return
      end
    end
  end
  tests = {}
  local top = new_block(nil, nil)
  current = top
  for name, value in pairs(globals) do
    _G[name] = value
  end
  for name, module in pairs(modules) do
    package.loaded[name] = module
  end
  local problem = protect(function()
    for _, helper in ipairs(helpers) do
      -- Its errors are those of the file.
      local chunk, message = loadfile(helper)
      if not chunk then
        error(message, 0)
      end
      chunk()
    end
    local chunk, message = loadfile(file)
    if not chunk then
      error(message, 0)
    end
    path, short_path = file, debug.getinfo(chunk, "S").short_src
    chunk(file)
  end, { file = file })
  current = nil
  if problem then
    problem.file = problem.file or file
    host.file_error(problem)
    return
  end
  run_block(top, selector(selection))
end

return M
