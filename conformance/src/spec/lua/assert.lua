--- `assert` of a spec: `assert(value)`, and chains such as `assert.are_not.same(expected, actual)`.
local values = ...

local pack, show = values.pack, values.show
local unpack = unpack

--- What a failed assertion raises. `trace` is the traceback of where.
---@class spec.Failure
---@field message string
---@field expected? string
---@field actual? string
---@field trace? string
local Failure = {}
Failure.__index = Failure

function Failure:__tostring()
  local text = self.message
  if self.expected then
    text = ("%s\nexpected: %s\n  actual: %s"):format(text, self.expected, self.actual)
  end
  return text
end

--- Words that only make chains read well, and those that turn an assertion round.
local fillers = {}
for word in ("is are was were has have had does did to be a an the any of been by that which"):gmatch("%a+") do
  fillers[word] = true
end
local negations = { ["not"] = true, no = true }

--- Each assertion gets its arguments and the chain: whether it holds, and what to say of it.
local checks = {}

local function count_arguments(name, args, least)
  if args.n < least then
    error(("assert.%s takes at least %d arguments, got %d"):format(name, least, args.n), 0)
  end
end

local function compared(expected, actual, words)
  return {
    message = "expected values to " .. words,
    negated = "expected values not to " .. words,
    expected = show(expected),
    actual = show(actual),
  }
end

function checks.equal(args)
  count_arguments("equal", args, 2)
  local is_equal = args[1] == args[2]
  local report = compared(args[1], args[2], "be equal")
  if not is_equal and values.same(args[1], args[2]) then
    report.message = report.message .. " (they hold the same: `same` compares what tables hold)"
  end
  return is_equal, report, args[3]
end
checks.equals = checks.equal

function checks.same(args)
  count_arguments("same", args, 2)
  return values.same(args[1], args[2]), compared(args[1], args[2], "be the same"), args[3]
end

local function constant(word, holds)
  -- A call that returns nothing stands for nil.
  return function(args)
    return holds(args[1]),
      {
        message = "expected a value that is " .. word,
        negated = "expected a value that is not " .. word,
        expected = word,
        actual = show(args[1]),
      },
      args[2]
  end
end

checks["true"] = constant("true", function(value)
  return value == true
end)
checks["false"] = constant("false", function(value)
  return value == false
end)
checks["nil"] = constant("nil", function(value)
  return value == nil
end)
checks.truthy = constant("truthy", function(value)
  return value and true or false
end)
checks.falsy = constant("falsy", function(value)
  return not value
end)
for _, kind in ipairs({ "boolean", "number", "string", "table", "userdata", "function", "thread" }) do
  checks[kind] = constant("a " .. kind, function(value)
    return type(value) == kind
  end)
end
checks.callable = constant("callable", function(value)
  local metatable = debug.getmetatable(value)
  return type(value) == "function" or (type(metatable) == "table" and rawget(metatable, "__call") ~= nil)
end)

function checks.near(args)
  count_arguments("near", args, 3)
  local expected, actual, tolerance = tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
  if not (expected and actual and tolerance) then
    error("assert.near takes three numbers: expected, actual, tolerance", 0)
  end
  local report = compared(expected, actual, "be near each other")
  report.expected = ("%s ± %s"):format(report.expected, show(tolerance))
  return math.abs(expected - actual) <= tolerance, report, args[4]
end

local function matching(text, pattern, init, plain)
  if plain then
    return pack(text:find(pattern, init, true))
  end
  return pack(text:match(pattern, init))
end

function checks.matches(args)
  count_arguments("matches", args, 2)
  local pattern, actual = args[1], args[2]
  if type(pattern) ~= "string" then
    error(("assert.matches takes a pattern, got %s"):format(type(pattern)), 0)
  end
  local is_text = type(actual) == "string" or type(actual) == "number"
  local found = is_text and matching(tostring(actual), pattern, args[3], args[4]) or { n = 1 }
  local report = compared(pattern, actual, "match")
  return found[1] ~= nil, report, nil, found
end
checks.match = checks.matches
checks.has_match = checks.matches

--- Returns an error's text without the position that `error` puts in front.
local function bare(problem)
  return type(problem) == "string" and problem:match("^[^\n]-:%d+: (.*)$") or problem
end

local function callee(name, fn)
  if type(fn) == "function" then
    return
  end
  local metatable = debug.getmetatable(fn)
  if not (type(metatable) == "table" and rawget(metatable, "__call")) then
    error(("assert.%s takes a function, got %s"):format(name, type(fn)), 0)
  end
end

--- Errors raised in a function, and where; filled by `protected`.
local function protected(fn)
  local trace
  local ok, problem = xpcall(fn, function(problem)
    trace = debug.traceback("", 2)
    return problem
  end)
  return not ok, problem, trace
end

function checks.error(args, chain)
  callee("error", args[1])
  local failed, problem, trace = protected(args[1])
  local expected = args[2]
  local report = {
    message = "expected an error, but there was none",
    negated = "expected no error",
    negated_trace = trace,
  }
  if failed and getmetatable(problem) == Failure and expected == nil and not chain.negated then
    -- A failed assertion inside is what the spec should hear of.
    report.message = tostring(problem)
  end
  local holds = failed
  if args.n >= 2 and expected ~= nil then
    holds = failed and (values.same(expected, problem) or values.same(expected, bare(problem)))
    if failed then
      report.message, report.negated = "expected another error", "expected another error than this"
    end
    report.expected = show(expected)
  else
    report.expected = "an error"
  end
  if not failed then
    report.actual = "no error"
  elseif getmetatable(problem) == Failure then
    report.actual = tostring(problem)
  else
    report.actual = type(problem) == "string" and problem or show(problem)
  end
  if chain.negated and expected == nil then
    report.expected = "no error"
  end
  return holds, report, nil, pack(problem)
end
checks.errors = checks.error

function checks.error_matches(args)
  count_arguments("error_matches", args, 2)
  callee("error_matches", args[1])
  local failed, problem = protected(args[1])
  local text = problem
  if type(problem) == "table" and getmetatable(problem) and getmetatable(problem).__tostring then
    text = tostring(problem)
  end
  local holds = failed and type(text) == "string" and matching(text, args[2], args[3], args[4])[1] ~= nil
  return holds,
    {
      message = failed and "expected an error that matches" or "expected an error, but there was none",
      negated = "expected an error that does not match",
      expected = show(args[2]),
      actual = failed and (type(text) == "string" and text or show(text)) or "no error",
    },
    nil,
    pack(problem)
end
checks.error_match = checks.error_matches
checks.errors_match = checks.error_matches

function checks.unique(args)
  count_arguments("unique", args, 1)
  local list, deep = args[1], args[2]
  for index = 1, #list do
    for other = index + 1, #list do
      if list[index] == list[other] or (deep == true and values.same(list[index], list[other])) then
        return false,
          {
            message = ("expected no value twice, but %d and %d are equal"):format(index, other),
            expected = "unique values",
            actual = show(list),
          }
      end
    end
  end
  return true, { message = "", negated = "expected a value twice", expected = "equal values", actual = show(list) }
end

function checks.returned_arguments(args)
  local found = args.n - 1
  return found == args[1],
    {
      message = "expected another number of values",
      negated = "expected another number of values than this",
      expected = show(args[1]),
      actual = show(found),
    }
end

function checks.property(args)
  count_arguments("has_property", args, 2)
  local object, name = args[1], args[2]
  return type(object) == "table" and object[name] ~= nil,
    {
      message = ("expected a property %s"):format(show(name)),
      negated = ("expected no property %s"):format(show(name)),
      expected = show(name),
      actual = show(object),
    }
end

function checks.holes(args, chain)
  local list = chain.subject
  local last = 0
  for key in pairs(list) do
    if type(key) == "number" and key > last then
      last = key
    end
  end
  for index = 1, last do
    if list[index] == nil then
      return true, { message = "", negated = ("expected no hole, but there is one at %d"):format(index) }
    end
  end
  return false, { message = "expected a hole", negated = "" }
end

local M = { Failure = Failure, checks = checks }

--- Adds an assertion: how users extend the vocabulary.
---@param name string
---@param check fun(args: table, chain: table): boolean, table
function M.add(name, check)
  checks[name] = check
end

local Chain = {}

local function fail(report, is_negated, message)
  local text = is_negated and report.negated or report.message
  if message ~= nil then
    text = type(message) == "string" and message or show(message)
  end
  local failure = setmetatable({
    message = text or "assertion failed",
    expected = report.expected,
    actual = report.actual,
    -- From where the assertion was called.
    trace = debug.traceback("", 3),
    inner_trace = is_negated and report.negated_trace or nil,
  }, Failure)
  if is_negated and report.expected and report.expected == report.actual then
    failure.expected = "anything but " .. report.expected
  end
  error(failure, 0)
end

--- Reads one key of a chain, such as `is_not_nil`; returns the name of an assertion if it ends with one.
local function read(chain, key)
  local word = key:lower()
  while true do
    if checks[word] then
      return word
    elseif fillers[word] then
      return nil
    elseif negations[word] then
      chain.negated = not chain.negated
      return nil
    end
    local first, rest = word:match("^(%a+)_(.+)$")
    if not first or not (fillers[first] or negations[first]) then
      error(("assert has no '%s'"):format(key), 4)
    end
    if negations[first] then
      chain.negated = not chain.negated
    end
    word = rest
  end
end

local function extend(chain, key)
  if type(key) ~= "string" then
    error(("assert has no '%s'"):format(tostring(key)), 3)
  end
  local longer = setmetatable({
    negated = rawget(chain, "negated") or false,
    subject = rawget(chain, "subject"),
    note = rawget(chain, "note"),
  }, Chain)
  longer.check = read(longer, key)
  return longer
end

Chain.__index = function(chain, key)
  if key == "check" or key == "subject" or key == "note" then
    return nil
  end
  return extend(chain, key)
end

Chain.__call = function(chain, ...)
  local name = rawget(chain, "check")
  if not name then
    -- `assert.is_not(value)`, `assert.message("…")(…)`.
    error("this chain of `assert` names no assertion", 2)
  end
  local ok, holds, report, message, results = pcall(checks[name], pack(...), chain)
  if not ok then
    error(holds, 2)
  end
  if (holds and true or false) == chain.negated then
    fail(report, chain.negated, rawget(chain, "note") or message)
  end
  if results then
    return unpack(results, 1, results.n)
  end
  return ...
end

local function root(fields)
  fields.negated = false
  return setmetatable(fields, Chain)
end

--- The snapshots that are open, innermost last: each a list of what undoes something.
local snapshots = {}

--- Has something undone when the innermost snapshot is reverted.
---@param undo function
function M.on_revert(undo)
  local snapshot = snapshots[#snapshots]
  if snapshot then
    table.insert(snapshot, undo)
  end
end

--- Opens a snapshot; its `revert` undoes what spies and stubs have replaced since.
function M.snapshot()
  local snapshot = {}
  table.insert(snapshots, snapshot)
  function snapshot:revert()
    for index = #self, 1, -1 do
      self[index]()
      self[index] = nil
    end
    for place = #snapshots, 1, -1 do
      if snapshots[place] == self then
        table.remove(snapshots, place)
      end
    end
  end
  return snapshot
end

--- Messages by name, for `assert:register`: what `require("say")` keeps.
M.messages = {}

local methods = {}

function methods.snapshot()
  return M.snapshot()
end

--- `assert:register("assertion", name, function(state, arguments) … end, positive, negative)`.
function methods.register(_, kind, name, callback, positive, negative)
  if kind ~= "assertion" then
    if M.register_matcher and kind == "matcher" then
      M.register_matcher(name, callback)
    end
    return
  end
  checks[name:lower()] = function(args, chain)
    local state = { mod = not chain.negated, failure_message = nil }
    local holds = callback(state, args)
    local function worded(key)
      local text = key and (M.messages[key] or key) or (name .. " does not hold")
      local index = 0
      return (text:gsub("%%s", function()
        index = index + 1
        return show(args[index])
      end))
    end
    local message = state.failure_message
    return holds, { message = message or worded(positive), negated = message or worded(negative or positive) }
  end
end

function methods.unregister(_, kind, name)
  if kind == "assertion" then
    checks[name:lower()] = nil
  end
end

-- Formatters, parameters and levels of luassert change nothing here.
function methods.add_formatter() end
function methods.remove_formatter() end
function methods.set_parameter() end
function methods.get_parameter() end
function methods.level() end

local subjects = {
  spy = true,
  stub = true,
  array = true,
}

M.assert = setmetatable({}, {
  __index = function(_, key)
    if methods[key] then
      return methods[key]
    elseif subjects[key] then
      return function(subject)
        if subject == nil then
          error(("assert.%s takes something to ask about, got nil"):format(key), 2)
        end
        return root({ subject = subject })
      end
    elseif key == "message" then
      return function(note)
        return root({ note = note })
      end
    end
    return extend(root({}), key)
  end,
  __newindex = function(_, name, check)
    methods[name] = check
  end,
  __call = function(_, value, message, ...)
    if not value then
      if message == nil then
        message = "assertion failed!"
      end
      if type(message) == "string" then
        -- As Lua's own does, but with its place and traceback kept.
        error(setmetatable({ message = message, trace = debug.traceback("", 2) }, Failure), 0)
      end
      error(message, 0)
    end
    return value, message, ...
  end,
})

return M
