--- Stresses parser combinators: patterns are closures combined by operators on a metatable, in the manner of LPeg, and
--- evaluate a long arithmetic expression.

local Pattern = {}
Pattern.__index = Pattern

local function pattern(match)
  return setmetatable({ match = match }, Pattern)
end

-- A matcher takes text, position and a list of captures; it gives the next position or nil.
local function literal(s)
  local n = #s
  return pattern(function(text, at)
    if text:sub(at, at + n - 1) == s then
      return at + n
    end
  end)
end

local function set(chars)
  local member = {}
  for i = 1, #chars do
    member[chars:byte(i)] = true
  end
  return pattern(function(text, at)
    if member[text:byte(at)] then
      return at + 1
    end
  end)
end

-- Sequence.
function Pattern.__mul(a, b)
  local first, second = a.match, b.match
  return pattern(function(text, at, caps)
    local next_at = first(text, at, caps)
    return next_at and second(text, next_at, caps)
  end)
end

-- Ordered choice; captures of a failed branch are dropped.
function Pattern.__add(a, b)
  local first, second = a.match, b.match
  return pattern(function(text, at, caps)
    local mark = #caps
    local next_at = first(text, at, caps)
    if next_at then
      return next_at
    end
    for i = #caps, mark + 1, -1 do
      caps[i] = nil
    end
    return second(text, at, caps)
  end)
end

-- At least n times.
function Pattern.__pow(a, n)
  local match = a.match
  return pattern(function(text, at, caps)
    local count = 0
    while true do
      local next_at = match(text, at, caps)
      if not next_at then
        break
      end
      at, count = next_at, count + 1
    end
    return count >= n and at or nil
  end)
end

-- The matched text through f, as one capture.
function Pattern.__div(a, f)
  local match = a.match
  return pattern(function(text, at, caps)
    local next_at = match(text, at, caps)
    if next_at then
      caps[#caps + 1] = f(text:sub(at, next_at - 1))
    end
    return next_at
  end)
end

-- All captures of a folded into one by f.
local function fold(a, f)
  local match = a.match
  return pattern(function(text, at, caps)
    local mine = {}
    local next_at = match(text, at, mine)
    if next_at then
      local acc = mine[1]
      for i = 2, #mine, 2 do
        acc = f(acc, mine[i], mine[i + 1])
      end
      caps[#caps + 1] = acc
    end
    return next_at
  end)
end

local function reference()
  local holder = pattern(nil)
  holder.match = function(text, at, caps)
    return holder.target.match(text, at, caps)
  end
  return holder
end

local function identity(s)
  return s
end

local function apply(a, op, b)
  if op == "+" then
    return (a + b) % 1000003
  elseif op == "-" then
    return (a - b) % 1000003
  end
  return a * b % 1000003
end

local space = set(" \t\n") ^ 0
local number = (set("0123456789") ^ 1 / tonumber) * space
local additive = (set("+-") / identity) * space
local multiplicative = (literal("*") / identity) * space
local open, close = literal("(") * space, literal(")") * space

local expression = reference()
local factor = number + open * expression * close
local term = fold(factor * (multiplicative * factor) ^ 0, apply)
expression.target = fold(term * (additive * term) ^ 0, apply)
local whole = space * expression

local parts = {}
for i = 1, 400 do
  parts[i] = ("(%d + %d * (%d - %d)) * %d"):format(i, i * 3 % 17, i % 11, i % 7, i % 5 + 1)
end
local text = table.concat(parts, " + ")

local total = 0
for _ = 1, 120 do
  local caps = {}
  local at = whole.match(text, 1, caps)
  if at ~= #text + 1 then
    error("stopped at " .. tostring(at))
  end
  total = total + caps[1]
end
print("checksum " .. total)
