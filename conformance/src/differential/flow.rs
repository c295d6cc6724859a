//! Statements of random programs about the order of evaluation and the flow of control: assignments to several
//! variables, `goto`, varargs, chains of metatables, levels of errors, errors of coroutines, what the debugger says.

use super::generate::{Generator, Type};
use super::tree::{Kind, Node, leaf, list, some, statement};

impl Generator {
    /// One of these statements.
    pub(super) fn flow_scenario(&mut self) -> Node {
        match self.random.u32(..10) {
            0..=1 => self.assignment_order(),
            2 => self.jumps(),
            3 => self.varargs(),
            4..=5 => self.metatable_chain(),
            6 => self.error_levels(),
            7 => self.failing_coroutines(),
            8 => self.call_names(),
            _ => self.dates(),
        }
    }

    /// Assignments to several places, where what is assigned to is logged.
    fn assignment_order(&mut self) -> Node {
        let targets = [
            "a",
            "b",
            "u",
            "GY",
            "t.x",
            "t[1]",
            "t[i]",
            "t[a]",
            "p.x",
            "p[i]",
            "p[at('k', i)]",
            "at('o', p).y",
            "at('q', t)[at('r', a)]",
            "t[t[1] or 1]",
            "p[p.x]",
            "i",
        ];
        let values = [
            "1",
            "a",
            "b",
            "i",
            "i + 1",
            "t[1]",
            "t.x",
            "p.z",
            "nil",
            "at('v', 7)",
            "many()",
            "(many())",
            "...",
            "{}",
            "'s'",
            "a and b",
            "p",
            "u",
            "GY",
            "not a",
            "a == b",
            "(function() a = 9 return a end)()",
            "(function() i = 3 t = { 'new' } return i end)()",
        ];
        let mut block = String::new();
        for _ in 0..self.random.usize(1..5) {
            let left: Vec<_> = (0..self.random.usize(1..5))
                .map(|_| self.pick(&targets))
                .collect();
            let right: Vec<_> = (0..self.random.usize(1..5))
                .map(|_| self.pick(&values))
                .collect();
            block.push_str(&format!("{} = {} ", left.join(", "), right.join(", ")));
        }
        // An object's handler could call itself to the limit of the stack, which is elsewhere in LuaJIT.
        let upvalue = self.pick(&[
            "",
            "local function touch() u = (tonumber(u) or 0) + 1 a = u i = 2 end touch() ",
            "local function see() return a, b, i, t end ",
        ]);
        let value = self.expression(Type::Any, 1);
        statement(
            &format!(
                "do local u, log = @, {{}} local p = setmetatable({{}}, {{ __index = function(_, k) log[#log + 1] = 'get ' .. text(k) return k end,
                 __newindex = function(_, k, v) log[#log + 1] = 'set ' .. text(k) .. text(v, 2) end }}) local function many() return 1, 'two', nil, 4 end
                 show(pcall(function(...) local a, b, i, t = 1, 2, 1, {{ 5, 6, x = 'x' }} {upvalue}{block}return a, b, i, t, u, GY end, 8, 9)) show(log) GY = nil end"
            ),
            vec![value],
        )
    }

    /// Jumps, with closures that were made before them.
    fn jumps(&mut self) -> Node {
        let condition = self.pick(&[
            "i % 2 == 0",
            "i == 3",
            "i > 2",
            "i < j",
            "not fs[i]",
            "i ~= j and j > 1",
            "(i + j) % 3 == 1",
            "i * j > 4",
            "false",
            "true",
        ]);
        let other = self.pick(&[
            "j == 2",
            "i == j",
            "i + j == 5",
            "j > i",
            "#fs > 4",
            "nil",
            "i",
        ]);
        let body = self.pick(&[
            "for i = 1, 4 do for j = 1, 3 do local v = i * j fs[#fs + 1] = function() v = v + 1 return v, i, j end if C then goto continue end if D then break end n = n + 1 ::continue:: end end",
            "for i = 1, 4 do local j = i * 2 % 5 repeat local v = j if C then break end fs[#fs + 1] = function() v = v + n return v end if D then goto next end j = j + 1 until j > 5 n = n + 10 ::next:: end",
            "local i, j = 0, 3 ::top:: i = i + 1 do local v = i fs[i] = function() v = v * 2 return v end end if i < 6 and C then goto top end j = j - 1 if j > 0 and D then goto top end n = i * 100 + j",
            "for i, j in ipairs({ 3, 1, 2, 5 }) do do local v = j if C then goto done end fs[#fs + 1] = function() n = n + v return n end end if D then goto continue end n = n + 1 ::continue:: end ::done::",
            "local i, j = 1, 1 while i < 8 do i = i + 1 local v = i do if C then goto continue end end while true do j = j + 1 if j % 4 == 0 then break end if D then goto out end end fs[#fs + 1] = function() return v + j end ::continue:: end ::out:: n = i",
            "local i, j = 1, 2 repeat local v = i fs[#fs + 1] = function() v = v + 1 return v end if C then i = i + 2 goto continue end i = i + 1 ::continue:: until i > 5 or D",
            "local i, j = 2, 1 do goto inside ::skipped:: n = n + 5 goto finish ::inside:: if C and n < 9 then goto skipped end end ::finish:: if D then n = -n end",
        ]);
        let code = body.replace('C', condition).replace('D', other);
        let value = self.expression(Type::Any, 1);
        statement(
            &format!(
                "show(pcall(function() local n, fs = 0, {{}} do {code} end for k = 1, #fs do show(fs[k]()) show((fs[k]())) end return n, #fs, @ end))"
            ),
            vec![some(vec![list(vec![value])])],
        )
    }

    fn varargs(&mut self) -> Node {
        let code = self.pick(&[
            "return ...", "return (...)", "return ..., 1", "return 1, ...", "return { ... }, #{ ... }", "return { ..., 'last' }",
            "return { n = select('#', ...), ... }", "return select('#', ...), select(-1, ...)", "return select(2, ...)",
            "return select(-2, ...), 'end'", "return select('2', ...)", "return select(1.9, ...)", "return select(0, ...)",
            "return select(-9, ...)", "local a, b = ... return b, a", "local a, b, c, d, e = ... return e, d, c, b, a",
            "local t = { ... } t[#t + 1] = 'more' return unpack(t)", "return unpack({ ... }, 2)", "return unpack({ ... }, -1, 3)",
            "return unpack({ ... }, 2, 1)", "return unpack({ ... }, '1', '2')", "return (function(a, ...) return ..., a end)(...)",
            "return (function(...) return select('#', ...) end)(..., ...)", "return pcall(function(...) return ... end, ...)",
            "return pcall(select, '#', ...)", "return math.max(...)", "return ('%s-%s'):format(...)", "return string.char(...)",
            "return table.concat({ ... }, ',')", "return coroutine.wrap(function(...) return select('#', coroutine.yield(...)) end)(...)",
            "local f = function(...) local a = ... return a, ... end return f(f(...))", "local s = 0 for i = 1, select('#', ...) do s = s .. '|' .. type((select(i, ...))) end return s",
            "for a, b in (function(...) return next, { ... } end)(...) do show(a, b) end", "return ... == nil, not ..., -(... or 0)",
            "local a <close> = ...", "return #'' .. (... or ''), ...", "return { [1] = 'x', ... }, { ..., ... }", "return { ..., nil }, { nil, ... }",
            "arg = ... return arg, ...", "return tostring(...), type(...)", "return next({ ... })", "return assert(...)", "return error(...)",
        ]);
        let count = self.random.usize(..5);
        let arguments = self.arguments(count, 1);
        statement(
            &format!(
                "do local f, e = loadstring([=[{code}]=], '=varargs') if f then show(pcall(f, (function(...) return ... end)(@))) else show(e) end arg = nil end"
            ),
            vec![list(vec![arguments])],
        )
    }

    /// Tables that look into each other, and handlers that are inherited or are none.
    fn metatable_chain(&mut self) -> Node {
        let links = [
            "{ x = 'first' }",
            "{ y = 1, [1] = 'one' }",
            "{}",
            "function(t, k) log[#log + 1] = 'index ' .. tostring(k) return nil end",
            "function(t, k) return k end",
            "function(t, k) error('index ' .. tostring(k)) end",
            "rawget",
            "'text'",
            "5",
            "print",
            "setmetatable({}, { __call = function(self, t, k) return 'called', k end })",
            "function(...) return select('#', ...) end",
            "newproxy(true)",
        ];
        let stores = [
            "{}",
            "rawset",
            "function(t, k, v) rawset(t, k, v) log[#log + 1] = 'new ' .. tostring(k) end",
            "function(t, k, v) error('new', 2) end",
            "'text'",
            "true",
            "setmetatable({}, { __newindex = function(t, k, v) log[#log + 1] = 'deep ' .. tostring(k) end })",
            "setmetatable({}, { __call = function(self, t, k, v) log[#log + 1] = 'called ' .. tostring(k) end })",
        ];
        let depth = self.random.usize(1..5);
        let mut build = "local o = {} ".to_owned();
        for _ in 0..depth {
            let (index, newindex) = (self.pick(&links), self.pick(&stores));
            let inherit = self.chance(60);
            let index = if inherit { "o" } else { index };
            build.push_str(&format!("o = setmetatable({{}}, {{ __index = {index}"));
            if self.chance(50) {
                build.push_str(&format!(
                    ", __newindex = {}",
                    if self.chance(50) { "o" } else { newindex }
                ));
            }
            for event in [
                "__eq", "__lt", "__le", "__add", "__concat", "__call", "__unm", "__len",
            ] {
                if self.chance(25) {
                    let handler = self.pick(&[
                        "function(a, b) log[#log + 1] = 'EV ' .. type(a) .. type(b) return a end", "function(a, b) return nil end", "function() return 1, 2 end",
                        "function(a, b) return rawequal(a, b) end", "function() error('EV') end", "function() error('EV', 2) end", "rawequal", "5", "{}",
                        "setmetatable({}, { __call = function(self, a, b) return type(self), type(a), type(b) end })", "coroutine.yield",
                    ]);
                    build.push_str(&format!(", {event} = {}", handler.replace("EV", event)));
                }
            }
            build.push_str(" }) ");
        }
        let mut uses = String::new();
        for _ in 0..self.random.usize(2..7) {
            let code = self.pick(&[
                "o.x",
                "o.y",
                "o[1]",
                "o.z.w",
                "o:x()",
                "o()",
                "o(1, 2)",
                "o + 1",
                "1 + o",
                "o + o",
                "o .. 'x'",
                "'x' .. o",
                "1 .. o .. 2",
                "-o",
                "#o",
                "o == o",
                "o == p",
                "p == o",
                "o ~= p",
                "o < p",
                "p < o",
                "o <= p",
                "o > 1",
                "o >= o",
                "o < 'x'",
                "o.x.y",
                "rawget(o, 'x')",
                "rawequal(o, p)",
                "o[nil]",
                "o[o]",
                "not o",
                "o and o.x",
                "tostring(o == p)",
                "select('#', o())",
                "o.x(1)",
                "pcall(o, 1)",
                "table.concat({ o })",
                "ipairs(o)",
                "unpack(o, 1, 2)",
                "math.max(o, 1)",
                "('%d'):format(o)",
            ]);
            uses.push_str(&format!(
                "show(pcall(function() local r = {code} return r end)) "
            ));
            if self.chance(40) {
                let code = self.pick(&[
                    "o.n = 1",
                    "o[1] = 2",
                    "o.x = nil",
                    "o.z.w = 1",
                    "o[nil] = 1",
                    "o.n, o.m = 1, 2",
                    "o[0/0] = 1",
                    "rawset(o, 'x', 'raw')",
                    "o.x = (o.x or 0) .. 'x'",
                ]);
                uses.push_str(&format!("show(pcall(function() {code} end)) "));
            }
        }
        let same = if self.chance(50) {
            "getmetatable(o)"
        } else {
            "{}"
        };
        Node::leaf(
            Kind::Statement,
            format!(
                "do local log = {{}} {build}local p = setmetatable({{}}, {same}) {uses}show(log) end"
            ),
        )
    }

    /// Errors that point at their callers, of which some are tail calls or native.
    fn error_levels(&mut self) -> Node {
        let mut code = format!(
            "local function f0(...) {} end\n",
            self.pick(&[
                "error('deep', L)",
                "error('deep', (L))",
                "local x = error x('deep', L)",
                "return error('deep', L)",
                "error(7, L)",
                "error(nil, L)",
                "error({}, L)",
                "assert(false, 'asserted')",
                "local x = nil + L",
                "string.rep({}, L)",
                "error(setmetatable({}, { __tostring = function() return 'object' end }), L)",
            ])
        );
        let depth = self.random.usize(1..6);
        for i in 0..depth {
            let call = self.pick(&[
                "F(...)\n return 1",
                "return F(...)",
                "local r = F(...)\n\n return r",
                "return (F(...))",
                "return pcall(F, ...)",
                "local ok, e = pcall(F, ...) error(e, 0)",
                "local ok, e = pcall(F, ...)\n error(e, 2)",
                "table.sort({ 1, 2 }, F)",
                "return select(2, xpcall(F, function(e) return e end))",
                "return setmetatable({}, { __index = F }).x",
                "return -setmetatable({}, { __unm = F })",
                "return setmetatable({}, { __eq = F }) .. 'x'",
                "for _ in F do end",
                "return coroutine.wrap(F)(...)",
                "return ({ F(...) })[1]",
                "return (('x'):gsub('x', F))",
                "return { F(),\n F() }",
                "return F\n(...)",
            ]);
            code.push_str(&format!(
                "local function f{}(...) {} end\n",
                i + 1,
                call.replace('F', &format!("f{i}"))
            ));
        }
        let level = self.random.i32(-1..7).to_string();
        let code = code.replace('L', &level);
        let outer = self.pick(&[
            "pcall(f)",
            "xpcall(f, debug.traceback)",
            "pcall(function() return f() end)",
            "pcall(function()\n f() end)",
            "coroutine.resume(coroutine.create(f))",
            "xpcall(f, function(e) return type(e), debug.traceback('t', 1) end)",
        ]);
        let name = format!("f{depth}");
        Node::leaf(
            Kind::Statement,
            format!(
                "do {code}show({}) end",
                outer
                    .replace("f()", &format!("{name}()"))
                    .replace("(f", &format!("({name}"))
            ),
        )
    }

    fn failing_coroutines(&mut self) -> Node {
        let body = self.pick(&[
            "error('w')", "error('w', 0)", "error('w', 2)", "error({})", "error()", "local x = nil + 1", "x.y.z = 1", "coroutine.yield(1) error('late')",
            "coroutine.yield(1) local x = {} .. 'x'", "return coroutine.yield(coroutine.yield(1))", "coroutine.wrap(function() error('inner') end)()",
            "coroutine.wrap(function() coroutine.yield() error('inner', 2) end)()", "return w()", "local ok, e = pcall(w) error(e, 0)", "return pcall(error, 'p')",
            "string.rep()", "return ('x'):bad()", "error(setmetatable({}, { __tostring = function() return 'object' end }))", "return coroutine.running() == nil, coroutine.isyieldable()",
            "pcall(coroutine.yield, 1) error('after')", "return select('#', coroutine.yield())", "local t = setmetatable({}, { __index = coroutine.yield }) return t.k, t.l",
            "for a in coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end) do coroutine.yield(a) end", "return xpcall(function() coroutine.yield(1) error('x') end, function(e) return 'h ' .. e end)",
            "error('w\\0z')", "error(('long'):rep(200))", "coroutine.resume(coroutine.running())", "return coroutine.resume(coroutine.create(function() return coroutine.status(c) end))",
        ]);
        let value = self.expression(Type::Any, 1);
        let how = self.pick(&[
            "w = coroutine.wrap(function(...)\n BODY end) for i = 1, 4 do show(pcall(w, i)) end",
            "w = coroutine.wrap(function(...)\n BODY end) for i = 1, 3 do show(pcall(function() local r = w(i) return r end)) end",
            "c = coroutine.create(function(...) w = function() return coroutine.resume(c) end\n BODY end) for i = 1, 4 do show(coroutine.resume(c, i)) show(coroutine.status(c)) end show(debug.traceback('trace', 0))",
            "w = coroutine.wrap(function(...)\n BODY end) show(xpcall(function() return w(1), w(2), w(3) end, debug.traceback))",
            "c = coroutine.create(function(...) w = error\n BODY end) show(coroutine.resume(c, 1)) local i = debug.getinfo(c, 0, 'nSl') show(i and i.what, i and i.name) show(pcall(coroutine.wrap(function() return coroutine.resume(c) end)))",
        ]);
        statement(
            &format!("do local w, c {} show(@) end", how.replace("BODY", body)),
            vec![value],
        )
    }

    /// What `debug.getinfo` says of functions that are called in all the ways there are.
    fn call_names(&mut self) -> Node {
        let call = self.pick(&[
            "look()",
            "return look()",
            "local l = look l()",
            "GL()",
            "t.look()",
            "t:look()",
            "t.t.look()",
            "t['look']()",
            "t[1]()",
            "(look)()",
            "(function() return look() end)()",
            "pcall(look)",
            "xpcall(look, print)",
            "table.sort({ 1, 2 }, look)",
            "('x'):gsub('x', look)",
            "for _ in look do end",
            "local x = m + 1",
            "local x = m.k",
            "m.k = 1",
            "local x = m .. 'x'",
            "local x = #m",
            "local x = -m",
            "local x = m == n",
            "local x = m < n",
            "local x = m <= n",
            "m()",
            "m(1)",
            "coroutine.wrap(look)()",
            "coroutine.wrap(function() look() end)()",
            "tostring(m)",
            "loadstring('GL()')()",
            "loadstring('return GL()', '=named')()",
            "setfenv(function() GL() end, { GL = look })()",
            "select(1, look())",
            "local a, b = 1, look()",
            "t.look(t.look())",
            "string.gsub('ab', '.', t.look)",
            "require('table.new')(0, 0) look()",
            "pcall(pcall, look)",
            "t.call()",
            "t:call()",
            "(t.look or look)()",
        ]);
        let fields = self.pick(&["n", "S", "l", "u", "nSlu", "f", "nf"]);
        let level = self.random.u32(1..4);
        Node::leaf(
            Kind::Statement,
            format!(
                "do local log = {{}} local function look() local i = debug.getinfo({level}, '{fields}') if i then local func = i.func i.func = func and (func == GL and 'look' or 'other')
                 log[#log + 1] = text(i) else log[#log + 1] = 'none' end end GL = look
                 local t = {{ look, look = look, t = {{ look = look }}, call = setmetatable({{}}, {{ __call = look }}) }}
                 local meta = {{}} for _, e in ipairs({{ '__add', '__index', '__newindex', '__concat', '__len', '__unm', '__eq', '__lt', '__le', '__call', '__tostring' }}) do
                 meta[e] = function() look() return '' end end meta.__eq, meta.__lt, meta.__le = look, look, look local m, n = setmetatable({{}}, meta), setmetatable({{}}, meta)
                 show(pcall(function() {call}
                 end)) show(log) GL = nil end"
            ),
        )
    }

    /// Dates, and the times of tables of odd fields.
    fn dates(&mut self) -> Node {
        let mut odd = || {
            (*[
                "0", "1", "-1", "12", "13", "31", "60", "99", "400", "'7'", "'08'", "1.9", "-0.5",
                "2020", "nil", "'x'", "true", "1e10", "{}", "2^31",
            ]
            .get(self.random.usize(..20))
            .unwrap_or(&"1"))
            .to_owned()
        };
        let fields = format!(
            "month = {}, day = {}, hour = {}, min = {}, sec = {}",
            odd(),
            odd(),
            odd(),
            odd(),
            odd()
        );
        let year = self.pick(&[
            "1970", "2000", "2024", "1969", "1900", "2038", "'1999'", "2100",
        ]);
        match self.random.u32(..3) {
            0 => Node::leaf(
                Kind::Statement,
                format!(
                    "show(pcall(function() return os.date('!%Y-%m-%d %H:%M:%S %j %a', os.time({{ year = {year}, {fields}, isdst = false }})) end))"
                ),
            ),
            1 => {
                let mut format = String::new();
                for _ in 0..self.random.usize(1..5) {
                    format.push('%');
                    format.push_str(self.pick(&[
                        "a", "A", "b", "B", "c", "d", "D", "e", "F", "g", "G", "h", "H", "I", "j",
                        "m", "M", "n", "p", "r", "R", "S", "t", "T", "u", "U", "V", "w", "W", "x",
                        "X", "y", "Y", "%", "Ey", "Od",
                    ]));
                    format.push_str(self.pick(&["", " ", "-", "x"]));
                }
                let time = self.random.i64(-5_000_000_000..10_000_000_000);
                Node::leaf(
                    Kind::Statement,
                    format!("show(pcall(os.date, '!{format}', {time}))"),
                )
            }
            _ => {
                let value = self.expression(Type::Number, 1);
                statement(
                    "show(pcall(os.date, '!*t', @), pcall(os.date, '!%c', 86400 * @ % 2^31))",
                    vec![
                        leaf(self.random.i64(-5_000_000_000..10_000_000_000).to_string()),
                        leaf(value.render().replace('@', "")),
                    ],
                )
            }
        }
    }
}
