--- The traceback of a coroutine that ended with a run-time error tells the line of the error.
-- diverges: LuaJIT has lost it and prints "co: in main chunk".

local co = coroutine.create(assert(load("local t\nreturn t.x", "=co")))
local ok, err = coroutine.resume(co)
assert(not ok and err == "co:2: attempt to index local 't' (a nil value)")
assert(debug.traceback(co) == "stack traceback:\n\tco:2: in main chunk", debug.traceback(co))

co = coroutine.create(assert(load("local function inner(n)\n  return n + {}\nend\nlocal x = inner(1)\nreturn x", "=co")))
ok, err = coroutine.resume(co)
assert(not ok and err:find("^co:2: attempt to perform arithmetic on"), err)
assert(debug.traceback(co, "m") == "m\nstack traceback:\n\tco:2: in function 'inner'\n\tco:4: in main chunk", debug.traceback(co))
