--- `while`, `repeat`, `break` and `if` chains.

local n = 0
while n < 5 do
  n = n + 1
end
assert(n == 5)
while false do
  error("entered")
end
while nil do
  error("entered")
end
repeat
  n = n - 1
until n == 0
assert(n == 0)
repeat
  n = n + 1
until true
assert(n == 1)

-- `break` leaves the innermost loop only.
local log = {}
for i = 1, 3 do
  local j = 0
  while true do
    j = j + 1
    if j > i then
      break
    end
    repeat
      log[#log + 1] = i .. j
      if j == 2 then
        break
      end
    until true
  end
end
assert(table.concat(log, " ") == "11 21 22 31 32 33")

-- `break` must end its block, as `return` must.
assert(load("while true do do break end local x = 1 end"))
assert(not load("while true do break local x = 1 end"))
assert(not load("return 1 local x = 1") and not load("do return end; return; x = 1"))
assert(load("do return end x = 1"))
assert(load("return;") and load("while true do break; end") and not load("return;;"))
assert(not load(";") and not load("x = 1;; y = 2") and load("x = 1; y = 2;"))

-- Long chains.
local function name(x)
  if x == 1 then
    return "one"
  elseif x == 2 then
    return "two"
  elseif x == "3" then
    return "three"
  elseif x == nil then
    return "nil"
  elseif not x then
    return "false"
  else
    return "other"
  end
end
assert(name(1) == "one" and name(2) == "two" and name("3") == "three" and name(nil) == "nil" and name(false) == "false" and name(3) == "other")

-- Conditions with calls, assignments through closures, and constants.
local tries = 0
local function attempt()
  tries = tries + 1
  return tries >= 3 and "ok"
end
while not attempt() do
end
assert(tries == 3)
local result
repeat
  result = attempt()
until result
assert(result == "ok" and tries == 4)
local entered = false
if nil then
  entered = true
elseif false then
  entered = true
elseif 0 then
  entered = "zero"
end
assert(entered == "zero")

-- A loop that returns from the middle with several values.
local function search(list)
  for i = 1, #list do
    while true do
      if list[i] < 0 then
        return i, list[i], "negative"
      end
      break
    end
  end
end
local i, v, what = search({ 3, 4, -5, 6 })
assert(i == 3 and v == -5 and what == "negative" and search({ 1 }) == nil)

-- Deep nesting of blocks.
local source = ("do "):rep(150) .. "x = 1 " .. ("end "):rep(150)
assert(load(source))
local deep, err = load(("do "):rep(300) .. ("end "):rep(300), "=case")
assert(not deep and err == "case:1: chunk has too many syntax levels", err)
