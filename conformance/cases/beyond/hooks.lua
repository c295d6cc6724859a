--- Where debug hooks see less than in LuaJIT: library functions that are bytecode or ask twice there.

local function events(f)
  local seen = {}
  debug.sethook(function(event, line)
    if debug.getinfo(2, "f").func ~= f then
      seen[#seen + 1] = event .. (line and "@" .. line or "")
    end
  end, "crl")
  f()
  debug.sethook()
  seen[#seen] = nil -- The call of `sethook`.
  -- Lines of this function.
  for i = #seen, 1, -1 do
    if seen[i]:find("@") then
      table.remove(seen, i)
    end
  end
  return table.concat(seen, " ")
end

-- Bytecode of its own in LuaJIT, with line 0.
assert(events(function()
  table.foreach({ 1 }, function() end)
end) == "call call return")
assert(events(function()
  local s = ("x"):len()
end) == "call")
assert(events(function()
  table.remove({ 1 })
  table.move({ 1 }, 1, 1, 2)
  math.deg(1)
end) == "call call call")
-- There the call starts again when the string has become a number.
assert(events(function()
  bit.band("1", 1)
end) == "call")

-- A line with a call of `string.sub` comes twice there.
local lines = 0
debug.sethook(function()
  lines = lines + 1
end, "l")
local s = ("abc"):sub(1, 2) local t = s
debug.sethook()
assert(lines == 2)
