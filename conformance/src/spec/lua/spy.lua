--- Spies, stubs and mocks: functions that remember how they were called. And matchers for their arguments.
local values, assertion = ...

local pack, show_list = values.pack, values.show_list
local unpack = unpack
local checks = assertion.checks

local Spy = {}

local function is_spy(value)
  return type(value) == "table" and getmetatable(value) == Spy
end

Spy.__call = function(self, ...)
  local args = pack(...)
  local call = { vals = values.copy(args), refs = args, n = args.n }
  table.insert(self.calls, call)
  local results = pack(self.callback(...))
  call.returnvals, call.returned = values.copy(results), results
  return unpack(results, 1, results.n)
end

local methods = {}

function methods:clear()
  for index = #self.calls, 1, -1 do
    self.calls[index] = nil
  end
  return self
end

function methods:revert()
  if self.undo then
    self.undo()
    self.undo = nil
  end
  return self.callback
end

function methods:called(times)
  return times == nil and #self.calls > 0 or #self.calls == times
end

--- Whether arguments are those of a call, matchers among them counted.
local function agrees(expected, call)
  local n = math.max(expected.n, call.n)
  for index = 1, n do
    local wanted = expected[index]
    local found = values.same(wanted, call.vals[index])
    if not found then
      -- What it was has changed since then, or is asked for itself.
      local given = call.refs[index]
      found = rawequal(wanted, given) or (values.is_matcher(wanted) and values.same(wanted, given))
    end
    if not found then
      return false
    end
  end
  return true
end

function methods:called_with(...)
  local expected = pack(...)
  for _, call in ipairs(self.calls) do
    if agrees(expected, call) then
      return true
    end
  end
  return false
end

function methods:returned_with(...)
  local expected = pack(...)
  for _, call in ipairs(self.calls) do
    if call.returnvals and values.same(expected, call.returnvals) then
      return true
    end
  end
  return false
end

Spy.__index = methods

local spy = {}

local function new(callback)
  return setmetatable({ calls = {}, callback = callback }, Spy)
end

--- Returns a spy that calls a function, or nothing.
---@param callback? function
function spy.new(callback)
  if callback ~= nil and type(callback) ~= "function" and not is_spy(callback) then
    error(("spy.new takes a function, got %s"):format(type(callback)), 2)
  end
  return new(callback or function() end)
end

--- Reads a field of something that may refuse to be read, such as a part of `vim` that nobody has provided.
local function field(target, key)
  local ok, value = pcall(function()
    return target[key]
  end)
  return ok and value or nil
end

local function replace(target, key, double)
  local original = rawget(target, key)
  target[key] = double
  function double.undo()
    target[key] = original
  end
  assertion.on_revert(function()
    double:revert()
  end)
  return double
end

--- Puts a spy in the place of a function in a table; the function is still called.
---@param target table
---@param key any
function spy.on(target, key)
  local original = field(target, key)
  if type(target) ~= "table" or original == nil then
    error(("spy.on: there is no function '%s' to spy on"):format(tostring(key)), 2)
  end
  return replace(target, key, new(original))
end

spy.is_spy = is_spy

setmetatable(spy, {
  __call = function(_, ...)
    return spy.new(...)
  end,
})

-- Stubs ---------------------------------------------------------------------------------------------

--- Gives a spy the methods that say what it answers.
local function programmable(double)
  local default = double.callback
  local answers = {}
  local function answer(set)
    return {
      returns = function(...)
        local results = pack(...)
        set(function()
          return unpack(results, 1, results.n)
        end)
        return double
      end,
      invokes = function(callback)
        set(function(...)
          return callback(...)
        end)
        return double
      end,
    }
  end
  double.callback = function(...)
    local call = { vals = pack(...), refs = pack(...), n = select("#", ...) }
    for index = #answers, 1, -1 do
      if agrees(answers[index].args, call) then
        return answers[index].run(...)
      end
    end
    return default(...)
  end
  double.by_default = answer(function(run)
    default = run
  end)
  double.returns, double.invokes = double.by_default.returns, double.by_default.invokes
  function double.on_call_with(...)
    local args = pack(...)
    return answer(function(run)
      table.insert(answers, { args = args, run = run })
    end)
  end
  return double
end

local stub = {}

--- Puts in the place of a function one that only answers.
---@param target? table
---@param key? any
---@param ... any a function to call instead, or values to return
function stub.new(target, key, ...)
  local results = pack(...)
  local run = function()
    return unpack(results, 1, results.n)
  end
  if results.n == 1 and type(results[1]) == "function" then
    run = results[1]
  end
  if target == nil then
    return programmable(new(run))
  end
  if type(target) ~= "table" or key == nil then
    error("stub takes a table and a key", 2)
  end
  return replace(target, key, programmable(new(run)))
end

setmetatable(stub, {
  __call = function(_, ...)
    return stub.new(...)
  end,
})

-- Mocks ---------------------------------------------------------------------------------------------

local mock = {}

local function each(object, visit, seen)
  seen = seen or {}
  if type(object) ~= "table" or seen[object] or is_spy(object) then
    return
  end
  seen[object] = true
  local keys = {}
  for key in next, object do
    keys[#keys + 1] = key
  end
  for _, key in ipairs(keys) do
    local member = rawget(object, key)
    if type(member) == "function" or is_spy(member) then
      visit(object, key, member)
    else
      each(member, visit, seen)
    end
  end
end

--- Puts spies (or stubs) in the place of all functions of a table, and of the tables in it.
---@param object table
---@param is_stub? boolean
function mock.new(object, is_stub)
  each(object, function(target, key)
    if is_stub then
      stub.new(target, key)
    else
      spy.on(target, key)
    end
  end)
  return object
end

function mock.clear(object)
  each(object, function(_, _, member)
    if is_spy(member) then
      member:clear()
    end
  end)
  return object
end

function mock.revert(object)
  each(object, function(_, _, member)
    if is_spy(member) then
      member:revert()
    end
  end)
  return object
end

setmetatable(mock, {
  __call = function(_, ...)
    return mock.new(...)
  end,
})

-- Assertions ----------------------------------------------------------------------------------------

local function subject(chain)
  local double = chain.subject
  if not is_spy(double) then
    error(("assert.spy takes a spy or a stub, got %s"):format(type(double)), 0)
  end
  return double
end

local function calls_of(double)
  local lines = {}
  for _, call in ipairs(double.calls) do
    lines[#lines + 1] = "(" .. show_list({ n = call.n, unpack(call.vals, 1, call.n) }) .. ")"
  end
  return #lines > 0 and table.concat(lines, "\n") or "no call"
end

--- An assertion about how often a spy was called.
local function counted(words, holds)
  return function(args, chain)
    local double = subject(chain)
    local times = args[1]
    if times ~= nil and type(times) ~= "number" then
      error(("assert.spy(…).was.called takes a number, got %s"):format(type(times)), 0)
    end
    local wanted = times and words .. " " .. times or "at least 1"
    return holds(#double.calls, times),
      {
        message = "expected another number of calls",
        negated = "expected another number of calls",
        expected = chain.negated and "not " .. wanted or wanted,
        actual = #double.calls .. (#double.calls > 0 and "\n" .. calls_of(double) or ""),
      }
  end
end

checks.called = counted("exactly", function(found, times)
  return times == nil and found > 0 or found == times
end)
checks.called_at_least = counted("at least", function(found, times)
  return found >= times
end)
checks.called_at_most = counted("at most", function(found, times)
  return found <= times
end)
checks.called_more_than = counted("more than", function(found, times)
  return found > times
end)
checks.called_less_than = counted("less than", function(found, times)
  return found < times
end)

function checks.called_with(args, chain)
  local double = subject(chain)
  return double:called_with(unpack(args, 1, args.n)),
    {
      message = "expected a call with these arguments",
      negated = "expected no call with these arguments",
      expected = "(" .. show_list(args) .. ")",
      actual = calls_of(double),
    }
end
checks.called_with_match = checks.called_with

function checks.returned_with(args, chain)
  local double = subject(chain)
  local lines = {}
  for _, call in ipairs(double.calls) do
    lines[#lines + 1] = call.returnvals and "(" .. show_list(call.returnvals) .. ")" or "(an error)"
  end
  return double:returned_with(unpack(args, 1, args.n)),
    {
      message = "expected a call that returned this",
      negated = "expected no call that returned this",
      expected = "(" .. show_list(args) .. ")",
      actual = #lines > 0 and table.concat(lines, "\n") or "no call",
    }
end

-- Matchers ------------------------------------------------------------------------------------------

local match = {}

--- A matcher is also a function that says whether it matches.
local matcher_metatable = {
  __call = function(self, value)
    return self._matches(value) and true or false
  end,
}

local function matcher(text, matches)
  return setmetatable({ _matches = matches, _text = text }, matcher_metatable)
end

--- Matches anything.
match._ = matcher("match._", function()
  return true
end)

local makers = {}
for _, kind in ipairs({ "nil", "boolean", "number", "string", "table", "userdata", "function", "thread" }) do
  makers[kind] = function()
    return function(value)
      return type(value) == kind
    end
  end
end
makers["true"] = function()
  return function(value)
    return value == true
  end
end
makers["false"] = function()
  return function(value)
    return value == false
  end
end
function makers.truthy()
  return function(value)
    return value and true or false
  end
end
function makers.falsy()
  return function(value)
    return not value
  end
end
function makers.equal(expected)
  return function(value)
    return value == expected
  end
end
makers.equals = makers.equal
function makers.same(expected)
  return function(value)
    return values.same(expected, value)
  end
end
function makers.ref_of(expected)
  return function(value)
    return rawequal(value, expected)
  end
end
makers.ref = makers.ref_of
function makers.near(expected, tolerance)
  return function(value)
    return type(value) == "number" and math.abs(value - expected) <= tolerance
  end
end
function makers.match(pattern, init, plain)
  return function(value)
    return type(value) == "string" and value:find(pattern, init, plain) ~= nil
  end
end
makers.matches = makers.match
function makers.all_of(...)
  local parts = pack(...)
  return function(value)
    for index = 1, parts.n do
      if not values.same(parts[index], value) then
        return false
      end
    end
    return true
  end
end
function makers.any_of(...)
  local parts = pack(...)
  return function(value)
    for index = 1, parts.n do
      if values.same(parts[index], value) then
        return true
      end
    end
    return false
  end
end
makers.none_of = function(...)
  local any = makers.any_of(...)
  return function(value)
    return not any(value)
  end
end

function assertion.register_matcher(name, callback)
  makers[name:lower()] = function(...)
    local inner = callback({ mod = true }, pack(...))
    return inner
  end
end

--- Words before the name of a matcher, and whether they negate it.
local match_words = { is = false, are = false, has = false, ["not"] = true, no = true }

--- Makes what is indexed with words and the names of matchers: `match.is_string`, `match.is_not.string`.
---@param object table
---@param before string what was written so far, with a dot
---@param is_negated boolean
local function match_chain(object, before, is_negated)
  return setmetatable(object, {
    __index = function(_, key)
      local rest, negates = tostring(key):lower(), is_negated
      while not makers[rest] do
        local word, more = rest:match("^(%a+)_(.+)$")
        word = word or rest
        if match_words[word] == nil then
          error(("match has no '%s'"):format(tostring(key)), 2)
        end
        negates = negates ~= match_words[word]
        if not more then
          return match_chain({}, before .. key .. ".", negates)
        end
        rest = more
      end
      return function(...)
        local holds = makers[rest](...)
        return matcher(("%s%s(%s)"):format(before, key, show_list(pack(...))), function(value)
          return (holds(value) and true or false) ~= negates
        end)
      end
    end,
  })
end

match_chain(match, "match.", false)

return { spy = spy, stub = stub, mock = mock, match = match }
