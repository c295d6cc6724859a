--- What is no function and has no `__call` fails as a metamethod without a position, and as itself with one.

local function message_of(f)
  local ok, message = pcall(f)
  assert(not ok)
  return message
end

local handlers = {}
for _, event in ipairs({
  "__add",
  "__concat",
  "__unm",
  "__len",
  "__eq",
  "__lt",
  "__le",
}) do
  handlers[event] = 5
end
local object = setmetatable({}, handlers)
local other = setmetatable({}, handlers)
local expected = "attempt to call a number value"
for _, use in ipairs({
  function()
    return object + 1
  end,
  function()
    return 1 + object
  end,
  function()
    return object .. "x"
  end,
  function()
    return "a" .. "b" .. object
  end,
  function()
    return -object
  end,
  function()
    return object == other
  end,
  function()
    return object < other
  end,
  function()
    return object <= other
  end,
}) do
  assert(message_of(use) == expected, message_of(use))
end

-- A handler of a call that cannot be called is not looked at: it is the object that has failed.
local caller = setmetatable({}, { __call = 5 })
assert(message_of(function()
  caller()
end):find(": attempt to call upvalue 'caller' (a table value)", 1, true))
assert(message_of(function()
  object.x()
end):find(": attempt to call field 'x' (a nil value)", 1, true))
assert(message_of(function()
  for _ in object do
  end
end):find(": attempt to call a table value", 1, true))
assert(pcall(object) == false and select(2, pcall(object)) == "attempt to call a table value")

-- An `__index` that is no function is indexed in turn.
assert(message_of(function()
  return setmetatable({}, { __index = 5 }).x
end):find(": attempt to index a number value", 1, true))
