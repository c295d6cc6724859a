--- In tracebacks `math.rad` and `math.deg` are native functions.
-- diverges: they are bytecode in LuaJIT, which writes "[builtin:rad]".

local ok, message = xpcall(function()
  local x = math.rad(nil)
  return x
end, debug.traceback)
assert(not ok and message:find("\n\t[C]: in function 'rad'\n", 1, true), message)
