-- Every function that takes a pattern, and what must hold between their results.
local pattern, subject = ...

local found = { pcall(string.find, subject, pattern) }
local matched = { pcall(string.match, subject, pattern) }
-- Text without magic characters is found as it is, even if it is no pattern: ")".
assert(found[1] or not matched[1])
if found[2] and matched[1] and found[1] then
  local first, last = found[2], found[3]
  assert(first >= 1 and last <= #subject and last >= first - 1)
  -- As in LuaJIT, a zero ends a pattern, but not what is found as it is.
  if found[4] == nil and not pattern:find("\0", 1, true) then
    assert(matched[2] == subject:sub(first, last) or type(matched[2]) == "number")
  end
end
for init = -3, #subject + 2, 1 + math.floor(#subject / 20) do
  pcall(string.find, subject, pattern, init)
  pcall(string.match, subject, pattern, init)
end
pcall(string.find, subject, pattern, 1, true)
pcall(function()
  local count = 0
  for _ in subject:gmatch(pattern) do
    count = count + 1
  end
  assert(count <= #subject + 1)
end)
-- Each match replaced by itself changes nothing.
local ok, same = pcall(string.gsub, subject, pattern, "%0")
assert(not ok or same == subject)
ok, same = pcall(string.gsub, subject, pattern, function() end)
assert(not ok or same == subject)
pcall(string.gsub, subject, pattern, "%1<%2>")
pcall(string.gsub, subject, pattern, subject)
pcall(string.gsub, subject, pattern, { a = 1, [""] = "x" }, 3)
