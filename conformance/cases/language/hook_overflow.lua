--- A stack overflow has a position when the frame fits, but the call of a hook above it does not.

jit.off(true, true)

local function forever(n)
  local m = n
  return 1 + forever(m + 1)
end

local function message_with(mask)
  debug.sethook(function() end, mask)
  local ok, message = pcall(forever, 1)
  debug.sethook()
  assert(not ok)
  return (message:gsub("^.*hook_overflow.lua", ""))
end
assert(message_with("c") == ":5: stack overflow", message_with("c"))
assert(message_with("l") == ":6: stack overflow", message_with("l"))
assert(message_with("r") == "stack overflow", message_with("r"))
