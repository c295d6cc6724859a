//! Statements of random programs about what LuaJIT adds to the language, and about what looks into programs:
//! buffers, 64-bit integers, hooks, the variables of other functions, tracebacks, finalizers.

use super::generate::{Generator, Type};
use super::tree::{Kind, Node, leaf, list, some, statement};

/// 64-bit integers, and numbers that they meet.
const INTEGERS: &[&str] = &[
    "0LL",
    "1LL",
    "-1LL",
    "7LL",
    "-7LL",
    "2ULL",
    "0ULL",
    "0xffffffffffffffffULL",
    "0x7fffffffffffffffLL",
    "0x8000000000000000LL",
    "123456789012345678LL",
    "1000ull",
    "0x10ll",
    "4294967296LL",
    "-4294967297LL",
    "2^53",
    "3",
    "-2",
    "0.5",
    "'5'",
    "nil",
    "{}",
];

/// What is done to a buffer `b`; `@` is anything.
const BUFFER_STEPS: &[&str] = &[
    "b:put('abc')",
    "b:put('x', 1, 2.5, -0)",
    "b:put(('yz'):rep(20))",
    "b:put(@)",
    "b:putf('%d-%s', 3, 'q')",
    "b:putf('%5.1f|%x', @, 255)",
    "#b",
    "b:get()",
    "b:get(2)",
    "b:get(1, 0, 3)",
    "b:get(nil, 1)",
    "b:get(@)",
    "b:skip(1)",
    "b:skip(100)",
    "b:skip(@)",
    "b:tostring()",
    "tostring(b)",
    "b:set('fresh')",
    "b:set(@)",
    "b:reset()",
    "b:encode(list(@))",
    "b:decode()",
    "b .. 'x'",
    "b:put(b)",
    "b == b",
    "type(b)",
    "b.nothing",
    "b:free()",
    "('x'):rep(2) .. #b",
];

impl Generator {
    /// What is beyond the language that the others write.
    pub(super) fn extension(&mut self) -> Node {
        match self.random.u32(..22) {
            0..=2 => self.integer_scenario(),
            3..=4 => self.buffer_scenario(),
            5..=6 => self.table_extension(),
            7..=9 => self.hook_scenario(),
            10..=11 => self.look_scenario(),
            12..=13 => self.traceback_scenario(),
            14..=15 => self.deep_scenario(),
            16 => self.finalizer_scenario(),
            17 => self.date_scenario(),
            18..=19 => self.load_scenario(),
            20 => self.level_scenario(),
            _ => self.loop_scenario(),
        }
    }

    fn integer_scenario(&mut self) -> Node {
        let mut block = Vec::new();
        for name in ["a", "b"] {
            let value = self.pick(INTEGERS);
            let text = match self.chance(85) {
                true => leaf(value),
                false => self.expression(Type::Any, 1),
            };
            block.push(statement(&format!("local {name} = @"), vec![text]));
        }
        for _ in 0..self.random.usize(2..8) {
            let code = self.pick(&[
                "a + b",
                "a - b",
                "a * b",
                "a / b",
                "a % b",
                "a ^ b",
                "-a",
                "#a",
                "a .. b",
                "a == b",
                "a ~= b",
                "a < b",
                "a <= b",
                "a > 1",
                "a == 1",
                "1LL + a",
                "b - 1ULL",
                "tonumber(a)",
                "tonumber(a, 16)",
                "type(a)",
                "math.abs(a)",
                "math.floor(a)",
                "bit.band(a, b)",
                "bit.bor(a, b, 1)",
                "bit.bxor(a, 0xffLL)",
                "bit.bnot(a)",
                "bit.lshift(a, 3)",
                "bit.rshift(a, 60)",
                "bit.arshift(a, b)",
                "bit.rol(a, 9)",
                "bit.ror(b, 65)",
                "bit.bswap(a)",
                "bit.tobit(a)",
                "bit.tohex(a)",
                "bit.tohex(a, 5)",
                "bit.tohex(b, -12)",
                "string.format('%d %x %u %i', a, b, a, b)",
                "string.format('%5d|%-22d|%+d|%022x', a, b, a, b)",
                "string.format('%o %X %#x', a, a, b)",
                "string.format('%g %.2f %e', a, b, a)",
                "string.format('%s %q', a, b)",
                "string.format('%c', a)",
                "('x'):rep(a)",
                "({ 1, 2 })[a]",
                "rawequal(a, a)",
                "a.x",
                "a()",
                "not a",
                "a and b",
            ]);
            block.push(Node::leaf(
                Kind::Statement,
                format!(
                    "show(pcall(function() local v = {code} return type(v), v == nil or tostring(v):sub(1, 5) == 'table' or tostring(v) end))"
                ),
            ));
        }
        statement("do@end", vec![Node::of(Kind::Block, block)])
    }

    fn buffer_scenario(&mut self) -> Node {
        let mut block = vec![leaf("local b = require('string.buffer').new()")];
        for _ in 0..self.random.usize(3..10) {
            let step = self.pick(BUFFER_STEPS);
            let code = format!(
                "show(pcall(function() local v = {step} return v == b and 'b' or v end), b:tostring())"
            );
            let holes = step.matches('@').count();
            let mut children = Vec::new();
            for _ in 0..holes {
                let kind = *[Type::Number, Type::Text, Type::Numbers, Type::Boolean]
                    .get(self.random.usize(..4))
                    .unwrap_or(&Type::Number);
                children.push(self.expression(kind, 1));
            }
            block.push(statement(&code, children));
        }
        if self.chance(50) {
            let value = self.expression(Type::Any, 2);
            block.push(statement(
                "show(pcall(function() local e = require('string.buffer') return e.decode(e.encode(@)) end))",
                vec![value],
            ));
        }
        if self.chance(30) {
            let highest = if self.chance(50) { 16 } else { 256 };
            let bytes = (0..self.random.usize(1..8))
                .map(|_| self.random.u32(..highest))
                // The tag of complex numbers, which are refused at once.
                .filter(|&byte| byte != 0x12)
                .map(|byte| format!("\\{byte:03}"))
                .collect::<String>();
            block.push(Node::leaf(
                Kind::Statement,
                format!("show(pcall(require('string.buffer').decode, '{bytes}'))"),
            ));
        }
        statement("do@end", vec![Node::of(Kind::Block, block)])
    }

    fn table_extension(&mut self) -> Node {
        let numbers = self.expression(Type::Numbers, 1);
        let value = self.expression(Type::Any, 1);
        let mut index = || leaf(self.random.i32(-4..9).to_string());
        let (a, b, c) = (index(), index(), index());
        match self.random.u32(..7) {
            0 => statement(
                "do local t = require('table.new')(@, @) t.x = @ for i = 1, 3 do t[i] = i end show(t, #t, next({})) end",
                vec![a, b, value],
            ),
            1 => statement(
                "do local t = { x = @, unpack(@) } show(require('table.clear')(t)) show(t, #t, next(t)) t[1] = 2 show(t) end",
                vec![value, numbers],
            ),
            2 => statement(
                "do local t, u = { unpack(@) }, { 'p', 'q', 'r' } show(pcall(table.move, t, @, @, @, u)) show(t, u) end",
                vec![numbers, a, b, c],
            ),
            3 => statement(
                "do local log = {} local p = setmetatable({}, { __index = function(_, k) log[#log + 1] = 'get ' .. k return k end, \
                 __newindex = function(_, k, v) log[#log + 1] = 'set ' .. k .. ' ' .. tostring(v) end, __len = function() return 3 end }) \
                 show(pcall(table.move, p, @, @, @)) show(pcall(table.insert, p, 'i')) show(pcall(table.remove, p)) \
                 show(pcall(table.concat, p, '-')) show(pcall(unpack, p)) show(pcall(ipairs(p), p, 0)) show(log) end",
                vec![a, b, c],
            ),
            4 => statement(
                "show(pcall(table.foreach, { x = @ }, function(k, v) show(k, v) return v end), \
                 pcall(table.foreachi, @, function(i, v) show(i, v) if i == 2 then return i end end))",
                vec![value, numbers],
            ),
            5 => statement(
                "show(pcall(table.concat, { 1, @, 'x', unpack(@) }, ',', @, @))",
                vec![value, numbers, a, b],
            ),
            _ => statement(
                "do local t = { [1] = 1, [2] = 2, [2^53] = 3, [-1] = 4, [1.5] = 5, n = @ } show(table.maxn(t), rawlen and rawlen(t), #t) \
                 for k in pairs(t) do t[k] = nil end show(next(t), table.maxn(t)) end",
                vec![value],
            ),
        }
    }

    /// Hooks that note what happens in functions of the program.
    fn hook_scenario(&mut self) -> Node {
        let scope = self.variables.len();
        let state = (self.loops, self.vararg, self.coroutine, self.protected);
        (self.loops, self.vararg, self.coroutine, self.protected) = (0, false, false, true);
        self.functions += 1;
        let body = self.block(4);
        self.functions -= 1;
        (self.loops, self.vararg, self.coroutine, self.protected) = state;
        self.variables.truncate(scope);
        // No lines: which are new depends in LuaJIT on addresses left over in its C frames.
        let first = include_str!("prelude.lua").lines().count();
        let noted = match self.random.bool() {
            true => "log[#log + 1] = event .. ' ' .. debug.getinfo(2, 'S').linedefined",
            false => {
                "if event == 'call' then local i = debug.getinfo(2, 'nS') log[#log + 1] = i.namewhat .. ' ' .. tostring(i.name) .. ' ' .. i.what end"
            }
        };
        let mask = self.pick(&["cr", "c", "r"]);
        statement(
            &format!(
                "do local log = {{}} local function traced()@end local function hook(event)
                 local i = debug.getinfo(2, 'Sl') \
                 if i.source == '=program' and i.currentline > {first} and #log < 300 then {noted} end end
                 debug.sethook(hook, '{mask}')
                 local ok = pcall(traced)
                 debug.sethook() show(ok, debug.gethook()) print(table.concat(log, ' ')) end"
            ),
            vec![body],
        )
    }

    /// Variables of functions that run, and of those that do not.
    fn look_scenario(&mut self) -> Node {
        let value = self.expression(Type::Any, 1);
        let body = self.function_body(Type::Multiple, &[("x", Type::Number), ("y", Type::Any)]);
        match self.random.u32(..8) {
            0 => statement(
                "do local function look() local i = 1 while true do local n, v = debug.getlocal(2, i) if not n then break end \
                 if n:sub(1, 1) ~= '(' then show(i, n, v) end i = i + 1 end end \
                 local function f(a, b, ...) local c = @ do local d = c end for i = 1, 2 do local e = i if i == 2 then look() end end \
                 for k, v in pairs({ 5 }) do look() end local z = 1 return a, (look()) end show(f(1, 'two', 3)) end",
                vec![value],
            ),
            1 => statement(
                "do local function change(n, v) show(debug.setlocal(2, n, v)) end \
                 local function f(a, b) local c = 3 change(1, @) change(3, 'c') change(50, 1) return a, b, c end show(f(1, 2)) end",
                vec![value],
            ),
            2 => statement(
                "do local f = function@ for i = 1, 12 do local n, v = debug.getupvalue(f, i) if not n then break end show(i, n, type(v)) end \
                 show(debug.getinfo(f, 'u').nups, debug.getinfo(f, 'u').nparams, debug.getinfo(f, 'u').isvararg) end",
                vec![body],
            ),
            3 => statement(
                "do local a, b = 1, @ local function f() return a, b end local function g() return b, a end \
                 show(debug.upvalueid(f, 1) == debug.upvalueid(g, 2), debug.upvalueid(f, 1) == debug.upvalueid(f, 2)) \
                 debug.upvaluejoin(f, 1, g, 1) show(f()) b = 'joined' show(f()) show(pcall(debug.upvaluejoin, f, 3, g, 1)) end",
                vec![value],
            ),
            4 => statement(
                "do local f = function@ local lines = {} for line in pairs(debug.getinfo(f, 'L').activelines) do lines[#lines + 1] = line end \
                 table.sort(lines) show(lines) local i = debug.getinfo(f, 'S') show(i.linedefined, i.lastlinedefined, i.what, i.short_src) end",
                vec![body],
            ),
            5 => statement(
                "do local t = {} function t.name(...) local i = debug.getinfo(2, 'nl') return i and i.name, i and i.namewhat, i and i.currentline end \
                 local function up() return (t.name()) end local meta = setmetatable({}, { __add = t.name, __index = t.name }) \
                 show(t.name()) show((up())) show(meta + 1, meta.x) show(pcall(t.name), @) end",
                vec![value],
            ),
            6 => statement(
                "do local names = {} for name in pairs(debug.getinfo(function@)) do names[#names + 1] = name end table.sort(names) show(names) \
                 show(pcall(debug.getinfo, 1, '>f'), pcall(debug.getinfo, 1, 'x'), pcall(debug.getinfo, 'x'), debug.getinfo(99)) end",
                vec![body],
            ),
            _ => statement(
                "do local co = coroutine.create(function(a, b) local c = @ coroutine.yield(c) return a, b, c end) show(coroutine.resume(co, 1, 2)) \
                 for i = 1, 3 do show(debug.getlocal(co, 1, i)) end show(debug.setlocal(co, 1, 1, 'set')) \
                 show(debug.getinfo(co, 1, 'l').currentline, debug.getinfo(co, 0, 'n').name, debug.getinfo(co, 2)) show(coroutine.resume(co)) \
                 show(pcall(debug.getlocal, co, 1, 1)) end",
                vec![value],
            ),
        }
    }

    fn traceback_scenario(&mut self) -> Node {
        let value = self.expression(Type::Any, 1);
        let failing = self.pick(&[
            "error('bottom')",
            "error('bottom', 2)",
            "error({})",
            "local x = nil + 1",
            "local t = {} t.x.y = 1",
            "string.rep()",
            "('x'):bad()",
            "return setmetatable({}, { __add = function() error('add') end }) + 1",
            "return setmetatable({}, { __index = function(_, k) error(k) end }).field",
            "table.sort({ 3, 2, 1 }, function() error('sort') end)",
            "string.gsub('x', '.', function() error('gsub') end)",
            "assert(false)",
            "assert(nil, 'asserted')",
            "for i = 1, {} do end",
            "return (function(...) error('vararg') end)(1)",
            "return pcall(error)",
            "coroutine.wrap(function() error('inside') end)()",
            "loadstring('error(\"loaded\")', '=chunk')()",
        ]);
        match self.random.u32(..5) {
            0 => statement(
                &format!(
                    "show(xpcall(function() local function inner(n)\n if n == 0 then {failing} end\n local r = inner(n - 1)\n return r end inner(2) return @ end, \
                     function(e) return debug.traceback(type(e) == 'string' and e or 'value', 1) end))"
                ),
                vec![value],
            ),
            1 => statement(
                &format!(
                    "do local t = {{ m = {{}} }} function t.m.f(a) {failing} end function t:g() self.m.f(1)\n return @ end \
                     show(xpcall(function() t:g()\n return 1 end, debug.traceback)) end"
                ),
                vec![value],
            ),
            // The frame that an instruction has failed in has no line in LuaJIT once its coroutine is dead.
            2 if failing.starts_with("error") => statement(
                &format!(
                    "do function GF() {failing} end local co = coroutine.create(function() local function l() GF()\n end l() return @ end) \
                     show(coroutine.resume(co)) show(debug.traceback(co)) show(debug.traceback(co, 'message', 1)) show(debug.traceback(co, nil, 9)) end"
                ),
                vec![value],
            ),
            3 => statement(
                "do local function deep(n) if n == 0 then return debug.traceback('deep', @) end return (deep(n - 1)) end show(deep(30)) end",
                vec![leaf(self.random.u32(..4).to_string())],
            ),
            _ => statement(
                &format!(
                    "show(xpcall(function() {failing} end, function(e) {failing} end) == false, \
                     select('#', xpcall(function() return @ end, print)), pcall(xpcall), pcall(xpcall, print))"
                ),
                vec![value],
            ),
        }
    }

    /// What goes deeper than there is room for.
    fn deep_scenario(&mut self) -> Node {
        let code = self.pick(&[
            "local function f(n) return 1 + f(n + 1) end return f(1)",
            "local t = {} function t:f() self:f() return 1 end t:f()",
            "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k .. ''] end return t.x",
            "local t = setmetatable({}, {}) getmetatable(t).__add = function(a, b) return (a + b) end return t + 1",
            "local t = {} for i = 1, 150 do t = setmetatable({}, { __index = t }) end return t.x",
            "local t = {} setmetatable(t, { __index = t }) return t.x",
            "local t = {} setmetatable(t, { __newindex = t }) t.x = 1",
            "local t = setmetatable({}, {}) getmetatable(t).__call = t return t()",
            "local t = setmetatable({}, {}) getmetatable(t).__concat = function(a, b) return (a .. b) end return t .. 'x'",
            "local t = setmetatable({}, {}) getmetatable(t).__eq = function(a, b) return not (a == b) end return t == setmetatable({}, getmetatable(t))",
            "local t = setmetatable({}, {}) getmetatable(t).__lt = function(a, b) return not (a < b) end return t < t",
            "local function f() local ok, e = pcall(f) return (ok) end return f()",
            "return ('x'):rep(300):match(('x?'):rep(300) .. ('x'):rep(300))",
            "return (('('):rep(40) .. (')'):rep(40)):match(('(x*'):rep(33) .. (')'):rep(33))",
            "return ('('):rep(250):match('%b()')",
            "return select('#', unpack({}, 1, 7000))",
            "return select('#', unpack({}, 1, 1e8))",
            "return select('#', string.byte(('x'):rep(9000), 1, -1))",
            "return #table.concat({}, 'x', 1, 0), #('x'):rep(100000)",
            "return ('x'):rep(1e10)",
            "return #string.format('%s', ('y'):rep(50000))",
            "return string.format('%99.99f', 1e308)",
            "return loadstring(('('):rep(300) .. '1' .. (')'):rep(300))",
            "return loadstring('return ' .. ('{'):rep(300) .. ('}'):rep(300))",
            "return loadstring(('do '):rep(300) .. ('end '):rep(300))",
            "return loadstring('local x = ' .. ('- '):rep(300) .. '1')",
            "return loadstring(('function f() '):rep(50) .. ('end '):rep(50))",
            "return loadstring('return ' .. ('a.'):rep(500) .. 'b')",
            "return loadstring('return a' .. ('[1]'):rep(500))",
            "return loadstring('a = b' .. (' .. b'):rep(260))",
            "return loadstring('return ' .. ('not '):rep(250) .. 'x')",
            "local co = coroutine.wrap(function() local function f() return 1 + f() end f() end) return co()",
            "local function f(...) return f(1, ...) end return f()",
            "local n = 0 local function f() n = n + 1 if n < 5000 then return f() end return n end return f()",
            "table.sort({ 1, 2, 3 }, function(a, b) local function f() return 1 + f() end return f() end)",
        ]);
        // Without the hook that may be set: where it has no room itself depends on how much of its stack LuaJIT
        // keeps for native functions.
        Node::leaf(
            Kind::Statement,
            format!(
                "do local hook, mask = debug.gethook() debug.sethook() show(pcall(function() {code} end)) \
                 if hook then debug.sethook(hook, mask) end end"
            ),
        )
    }

    /// Finalizers run when the program says so, and not before.
    fn finalizer_scenario(&mut self) -> Node {
        let value = self.expression(Type::Any, 1);
        match self.random.u32(..3) {
            0 => statement(
                "do collectgarbage() collectgarbage('stop') local v = @ (function() for i = 1, 3 do local p = newproxy(true) \
                 getmetatable(p).__gc = function(u) show('gc', i, type(u), v) end end end)() collectgarbage() collectgarbage('restart') end",
                vec![value],
            ),
            1 => statement(
                "do collectgarbage() collectgarbage('stop') local kept = {} (function() local p = newproxy(true) local q = newproxy(p) \
                 getmetatable(p).__gc = function(u) kept[#kept + 1] = u show('gc', #kept) end end)() collectgarbage() show(#kept, type(kept[1])) \
                 kept = {} collectgarbage() show(#kept, @) collectgarbage('restart') end",
                vec![value],
            ),
            _ => statement(
                "do collectgarbage('stop') local w = setmetatable({}, { __mode = 'v' }) local k = setmetatable({}, { __mode = 'k' }) \
                 local keep = {} (function() for i = 1, 4 do w[i] = i % 2 == 0 and { i } or keep k[{}] = i end w.s = 'text' k[keep] = @ end)() \
                 collectgarbage() collectgarbage() show(w) local n = 0 for _ in pairs(k) do n = n + 1 end show(n) collectgarbage('restart') end",
                vec![value],
            ),
        }
    }

    fn date_scenario(&mut self) -> Node {
        let time = self.pick(&[
            "0",
            "1",
            "86399",
            "86400",
            "951782400",
            "1e9",
            "1234567890",
            "1709164800",
            "4102444799",
            "2^31",
            "-1",
            "1.9",
        ]);
        let format = self.pick(&[
            "!%Y-%m-%d %H:%M:%S",
            "!%a %A %b %B %d",
            "!%c",
            "!%x %X %p",
            "!%j %U %w %W %y",
            "!%D %e %F %h %I",
            "!%%%n%t|",
            "!%M %R %S %T %u",
            "!%C %g %G %V",
            "!no conversion",
            "!",
            "!*t",
        ]);
        match format {
            "!*t" => Node::leaf(
                Kind::Statement,
                format!("do local d = os.date('{format}', {time}) show(d) end"),
            ),
            _ => Node::leaf(
                Kind::Statement,
                format!("show(pcall(os.date, '{format}', {time}))"),
            ),
        }
    }

    fn load_scenario(&mut self) -> Node {
        let value = self.expression(Type::Any, 1);
        let mode = self.pick(&["nil", "'t'", "'b'", "'bt'", "'x'", "''"]);
        match self.random.u32(..5) {
            0 => statement(
                &format!(
                    "do local env = {{ y = @ }} local f, e = load('x = y return x, z', '=loaded', {mode}, env) \
                     show(f and 'loaded', e) if f then show(pcall(f)) show(env, getfenv(f) == env) end end"
                ),
                vec![value],
            ),
            1 => statement(
                &format!(
                    "do local f, e = load(string.dump(function(...) q = ... return q end), '=dump', {mode}, {{}}) \
                     show(f and 'loaded', e) if f then show(pcall(f, @)) end show(q) end"
                ),
                vec![value],
            ),
            2 => statement(
                "do local n = 0 show(pcall(load, function() n = n + 1 if n == 1 then return 'return ' elseif n == 2 then return @ end end, '=pieces')) end",
                vec![value],
            ),
            3 => statement(
                "show(pcall(load, function() error(@) end)) show(load(function() return nil end)) show(pcall(load, function() return '' end))",
                vec![value],
            ),
            _ => statement(
                "do local list = { 'local a', ' = ... ', 'return a', ', ', '(@)' } local i = 0 \
                 local f, e = load(function() i = i + 1 return list[i] end, '=reader') show(e) if f then show(f(7)) end end",
                vec![self.literal(Type::Number)],
            ),
        }
    }

    /// Environments by level.
    fn level_scenario(&mut self) -> Node {
        let value = self.expression(Type::Any, 1);
        let level = self.random.u32(..5);
        let outer = self.random.u32(1..3);
        statement(
            &format!(
                "do local pcall, setfenv, getfenv, show, tostring = pcall, setfenv, getfenv, show, tostring local env = {{ mark = @ }} \
                 local function inner() local ok, e = pcall(setfenv, {outer}, env) local same = getfenv(1) == env return ok, tostring(e):sub(1, 8), same, mark end \
                 local function middle() local a, b, c, d = inner() return a, b, c, d, getfenv(1) == env end \
                 show(middle()) show(pcall(function() return getfenv({level}) == env end)) end"
            ),
            vec![value],
        )
    }

    /// Loops at the ends of what numbers can count.
    fn loop_scenario(&mut self) -> Node {
        let range = self.pick(&[
            "2^31 - 2, 2^31",
            "-2^31 + 1, -2^31 - 1, -1",
            "2147483646, 2147483647",
            "-2147483647, -2147483648, -1",
            "1, 2147483647, 2147483646",
            "1, 3e9, 2147483647",
            "-1, -3e9, -2147483648",
            "1, 1e300, 1e299",
            "0, 1/0, 1e308",
            "1/0, 1/0",
            "-1/0, 0",
            "0, -1/0, -1e308",
            "1, 0, -0.5",
            "0.1, 1, 0.1",
            "1, 3, 0/0",
            "1, 2, 0",
            "2, 1, 0",
            "1, 1, 0",
            "-0, -0",
            "2^53 - 1, 2^53 + 2",
            "'3', '1', '-1'",
            "'0x10', 18",
            "3, 'x'",
            "1LL, 2",
            "2147483640, 2147483647, 5",
            "-3, 3, 1.5",
            "1, 256, 255",
        ]);
        let value = self.expression(Type::Any, 1);
        let change = self.pick(&["", "i = i * 2", "i = 'changed'", "i = nil"]);
        statement(
            &format!(
                "show(pcall(function() local n, fs = 0, {{}} for i = {range} do n = n + 1 fs[n] = function() return i end {change} \
                 if n == 4 then break end end for j = 1, #fs do show(fs[j]()) end return n, @ end))"
            ),
            vec![some(vec![list(vec![value])])],
        )
    }
}
