//! Small programs that together use every kind of statement and most instructions: what mutations begin with.

/// Each is a whole chunk.
pub(crate) const SOURCES: &[&str] = &[
    "local a, b = ... local t = { 1, 2, x = 3, ... } for i = 1, 5 do t[i] = i * 2 end
     for k, v in pairs(t) do a = k end for i, v in ipairs(t) do b = v end return t, #t, a, b",
    "local n = 0 local function f(x) n = n + x return function() n = n - 1 return n, x end end
     local g = f(3) do local h = f(2) h() end return g(), f(1)()",
    "local function v(...) local a = select('#', ...) return ..., a end
     local s = 'a' .. 1 .. 'b' return v(v(1, 2), s), -n, not s, s == 'x', 1 < 2, 2 % 3 ^ 2",
    "local t = setmetatable({}, { __index = function(_, k) return k end, __add = function(a) return a end })
     t.a = t.b + 1 t[1] = t + t while t.n ~= 'n' do t.n = nil end repeat local q = t.z until q
     return pcall(function() return t.x.y.z end)",
    "local co = coroutine.wrap(function(a) while a do a = coroutine.yield(a, { a }) end end)
     return co(1), co(2), (co(3)), tostring(nil) .. 'x', ({ co(4) })[2]",
    "for i = 10, 1, -3 do if i == 4 then goto done end ::again:: end ::done::
     -- a comment --[==[ and a long one ]] ]==]
     local s = [[\nlong\n]] .. '\\x41\\65\\z   \\u{20ac}\\'' return 0x1p4, 1e-3, .5, 3., s",
    "function a.b.c:d(x, ...) self.y = x or ... return self:d(1, 2)('z'){ 3; 4, [5] = 6, } end
     local ok, e = pcall(a) print(select(-1, ok, e)) t = { f() } t[#t + 1], u = u, t and not u or nil",
    "local t = {} for w in ('a b c'):gmatch('%a') do t[#t + 1] = w:upper() end table.sort(t, function(x, y) return x > y end)
     return table.concat(t, ','), unpack(t), loadstring(string.dump(function() return 1 end))()",
];
