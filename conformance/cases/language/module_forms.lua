--- `module` with options of all kinds, dotted names, names that are taken, callers that cannot be.

local function check(expected, ...)
  local values = {}
  for i = 1, select("#", ...) do
    values[i] = tostring((select(i, ...)))
  end
  local found = table.concat(values, "|")
  assert(found == expected, found)
end
local function run(text)
  return pcall(assert(loadstring(text, "=m")))
end

check("true|mm1||true", run("module('mm1') x = 1 return _M._NAME, _M._PACKAGE, _M == _M._M"))
check("1|mm1||true", mm1.x, mm1._NAME, mm1._PACKAGE, package.loaded.mm1 == mm1)
check("true|1", run("module('mm1') return x"))
check("true|a.b.c|a.b.|1", run("module('a.b.c', package.seeall) y = print return _NAME, _PACKAGE, tostring(1)"))
check("true|a.b.", a.b.c.y == print, a.b.c._PACKAGE)
check("true|1", run("module('string') return 1"))
check("false|m:1: name conflict for module 'string.rep.x'", run("module('string.rep.x')"))
check("true", run("module('p..q')"))
check("false|m:1: bad argument #1 to 'module' (string expected, got nil)", run("module(..., package.seeall)"))
check("false|m:1: bad argument #1 to 'module' (string expected, got no value)", run("module()"))
check("true", run("module('opt', function(m) m.one = 1 end, function(m) m.two = m.one + 1 end)"))
check("1|2", opt.one, opt.two)
check("true", run("module('opt5', setmetatable({}, { __call = function(s, m) m.c = 1 end }))"))
check("1", opt5.c)
check("false|attempt to call a number value", run("module('opt2', 1)"))
check("false|attempt to call a nil value", run("module('opt4', nil)"))
check("false|m:1: oops", run("module('opt6', function() error('oops') end)"))
check("false|'module' not called from a Lua function", pcall(module, "cmod"))
taken = 5
check("false|m:1: name conflict for module 'taken'", run("module('taken')"))
check("false|m:1: name conflict for module 'taken.x'", run("module('taken.x')"))
package.loaded.number = 5
check("true", run("module('number')"))
check("table|true", type(number), package.loaded.number == number)

check("false|bad argument #1 to '?' (table expected, got no value)", pcall(package.seeall))
local t = setmetatable({}, { __index = { z = 1 } })
package.seeall(t)
check("nil|true", t.z, t.print == print)
