--- `goto` and labels: jumps out of and within blocks, `continue`, fresh locals, visibility rules.

do
  local i = 1
  ::top::
  if i < 5 then
    i = i + 1
    goto top
  end
  assert(i == 5)
end

-- As continue, at the end of a loop body.
local odd = {}
for i = 1, 10 do
  if i % 2 == 0 then
    goto continue
  end
  odd[#odd + 1] = i
  ::continue::
end
assert(table.concat(odd, ",") == "1,3,5,7,9")

-- Out of nested loops.
local found
for i = 1, 10 do
  for j = 1, 10 do
    if i * j == 42 then
      found = i .. "*" .. j
      goto done
    end
  end
end
::done::
assert(found == "6*7")

-- In while and repeat loops.
local n, seen = 0, 0
while n < 10 do
  n = n + 1
  if n % 3 ~= 0 then
    goto next_round
  end
  seen = seen + n
  ::next_round::
end
assert(seen == 18)
n = 0
repeat
  n = n + 1
  if n == 2 then
    goto skip
  end
  seen = seen + 1
  ::skip::
until n >= 4
assert(seen == 21)

-- Each pass through a block makes a fresh local.
do
  local made = {}
  local i = 1
  ::again::
  local x = i
  made[i] = function()
    x = x + 1
    return x
  end
  i = i + 1
  if i <= 3 then
    goto again
  end
  assert(made[1]() == 2 and made[2]() == 3 and made[1]() == 3 and made[3]() == 4)
end

-- The same name may label different blocks and functions.
do
  do
    goto here
    error("not skipped")
    ::here::
  end
  do
    goto here
    error("not skipped")
    ::here::
  end
  local function f()
    goto here
    error("not skipped")
    ::here::
    return 1
  end
  assert(f() == 1)
end

-- A label at the end of a block does not count as inside the scope of its locals.
do
  local ok = false
  do
    goto ending
    local hidden = 1
    ok = hidden
    ::ending::
  end
  assert(ok == false)
end

-- `goto` is an ordinary name elsewhere.
local goto = 7
assert(goto == 7)
local t = { goto = 1 }
assert(t.goto == 1)
t.goto = goto + t.goto
assert(t.goto == 8)
local function call(f)
  return f
end
assert(call(goto) == 7)

local function refused(source, message)
  local f, err = load(source, "=case")
  assert(not f, source .. " was accepted")
  assert(err == message, err)
end
refused("goto nowhere", "case:1: undefined label 'nowhere'")
refused("::a:: ::a::", "case:1: duplicate label 'a'")
refused("goto a; local x; ::a:: x = 1", "case:1: <goto a> jumps into the scope of local 'x'")
refused("goto inner; do ::inner:: end", "case:1: undefined label 'inner'")
refused("::outer:: local function f() goto outer end", "case:1: undefined label 'outer'")
refused("break", "case:1: no loop to break")
refused("repeat goto c; local x; ::c:: until x", "case:1: <goto c> jumps into the scope of local 'x'")
