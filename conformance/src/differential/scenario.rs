//! Statements of random programs about errors, metatables, coroutines, loading, environments, and limits.

use super::generate::{Generator, Type};
use super::tree::{Kind, Node, expression, leaf, list, some, statement};

/// Metamethods that take two operands and may return a number.
const ARITHMETIC: &[&str] = &[
    "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__concat",
];

impl Generator {
    /// Errors of all kinds of values and levels.
    pub(super) fn error_call(&mut self) -> Node {
        let value = match self.random.u32(..6) {
            0..=2 => self.expression(Type::Text, 1),
            3 => self.expression(Type::Number, 1),
            4 => leaf(self.pick(&["nil", "true", "{}", "{ code = 7 }", "print"])),
            _ => self.expression(Type::Any, 1),
        };
        let level = match self.chance(50) {
            true => String::new(),
            false => format!(", {}", self.random.u32(0..5)),
        };
        match (self.protected, self.random.u32(..4)) {
            (true, 0) => statement(&format!("do error(@{level}) end"), vec![value]),
            (_, 1) => statement(
                &format!("show(pcall(function() local function f() error(@{level}) end f() end))"),
                vec![value],
            ),
            (_, 2) => statement("show(pcall(function() assert(false, @) end))", vec![value]),
            _ => statement(
                &format!(
                    "show(xpcall(function() error(@{level}) end, function(e) return e, 1 end))"
                ),
                vec![value],
            ),
        }
    }

    pub(super) fn yield_statement(&mut self) -> Node {
        if !self.coroutine {
            return self.mistake();
        }
        let count = self.random.usize(0..3);
        let values = self.arguments(count, 1);
        statement("show('back', coroutine.yield(@))", vec![values])
    }

    /// A small piece of code that fails, with a message that names a variable.
    fn mistake(&mut self) -> Node {
        let variable = match self.choose(|_| true) {
            Some(variable) => variable.name,
            None => "nothing".to_owned(),
        };
        let template = self.pick(&[
            "VAR.x.y.z = 1",
            "VAR()",
            "VAR.field()",
            "VAR:method()",
            "VAR = VAR + {}",
            "VAR = VAR .. {}",
            "VAR = VAR < {}",
            "VAR = #VAR + nil",
            "VAR = -VAR .. nil",
            "VAR = {} < {}",
            "VAR = 1 < '2'",
            "VAR[nil] = 1",
            "VAR[0/0] = 1",
            "VAR = VAR[1][2][3]",
            "VAR = ('x').y.z",
            "VAR = ('x')()",
            "nothing.at.all = 1",
            "nothing()",
            "nothing:at(1)",
            "VAR = nothing .. 'x'",
            "VAR = 2 ^ {}",
            "VAR = nil + 1",
            "VAR = true % 2",
            "string.nothing()",
            "VAR = ('x'):nothing()",
            "VAR = VAR.a + VAR.b.c",
            "for _ in VAR do step() end",
            "for _ in nil do end",
            "VAR = {} .. 'x'",
            "VAR = 'a' + 1",
            "VAR = 'a' < 1",
            "VAR = nil < nil",
            "VAR = print < print",
            "setmetatable(VAR, 1)",
            "VAR = (VAR or {})[VAR or 1].k",
            "local t = {} t.a.b = 1",
            "local t = {} t[1][2] = 1",
            "local t = {} t.x:y()",
            "local f = VAR f.g.h()",
            "VAR = { [nil] = 1 }",
            "VAR = -{}",
            "VAR = #5",
            "VAR = not VAR + 1",
            "local a, b = {}, 1 VAR = a .. b",
            "VAR = 1 .. {} .. 2",
            "local u = nil VAR = (function() return u.x end)()",
            "local u VAR = (function() u() end)()",
        ]);
        let code = template.replace("VAR", &variable);
        Node::leaf(
            Kind::Statement,
            format!("show(pcall(function() {code} end))"),
        )
    }

    /// A table with random metamethods.
    pub(super) fn object(&mut self) -> Node {
        if self.chance(25) {
            return self.mistake();
        }
        let record = self.expression(Type::Record, 2);
        let mut entries: Vec<Node> = Vec::new();
        for event in ARITHMETIC {
            if self.chance(45) {
                let body = self.function_body(Type::Number, &[("x", Type::Any), ("y", Type::Any)]);
                let entry = match self.chance(30) {
                    true => format!(
                        "{event} = function(x, y) show('{event}', type(x), type(y)) return (function@)(x, y) end"
                    ),
                    false => format!("{event} = function@"),
                };
                entries.push(expression(&entry, vec![body]));
            }
        }
        for event in [
            "__eq",
            "__lt",
            "__le",
            "__unm",
            "__len",
            "__call",
            "__tostring",
        ] {
            if self.chance(45) {
                let returns = match event {
                    "__eq" | "__lt" | "__le" => Type::Boolean,
                    "__tostring" => Type::Text,
                    "__call" => Type::Multiple,
                    _ => Type::Number,
                };
                let parameters = [("x", Type::Any), ("y", Type::Any)];
                let count = self.random.usize(1..3);
                let body = self.function_body(returns, &parameters[..count]);
                entries.push(expression(&format!("{event} = function@"), vec![body]));
            }
        }
        if self.chance(60) {
            entries.push(match self.random.u32(..3) {
                0 => {
                    let body =
                        self.function_body(Type::Any, &[("t", Type::Any), ("k", Type::Text)]);
                    expression("__index = function@", vec![body])
                }
                1 => expression("__index = @", vec![self.expression(Type::Record, 1)]),
                _ => leaf("__index = function(t, k) show('index', k) return k end"),
            });
        }
        if self.chance(50) {
            entries.push(match self.random.u32(..3) {
                0 => leaf("__newindex = function(t, k, v) show('set', k, v) rawset(t, k, v) end"),
                1 => expression("__newindex = @", vec![self.expression(Type::Record, 1)]),
                _ => leaf(
                    "__newindex = function(t, k, v) error('cannot set ' .. tostring(k), 2) end",
                ),
            });
        }
        if self.chance(10) {
            entries.push(leaf("__metatable = 'locked'"));
        }
        let name = self.declare(Type::Object);
        let declaration = statement(
            &format!("local {name} = setmetatable(@, {{ @ }})"),
            vec![record, list(entries)],
        );
        if self.chance(50) {
            return declaration;
        }
        // Used at once, in all the ways there are; outside of the object's own scope it is not known.
        self.variables.pop();
        let other = self.expression(Type::Any, 1);
        let uses = [
            "O + 1",
            "1 - O",
            "O * O",
            "O / X",
            "X % O",
            "O ^ 2",
            "O .. 'x'",
            "1 .. O",
            "O .. O .. X",
            "-O",
            "#O",
            "O == X",
            "O < O",
            "O <= X",
            "X > O",
            "O >= 1",
            "O(1, 2)",
            "O.zz",
            "O[1]",
            "O.s .. O.a",
            "tostring(O)",
            "getmetatable(O) ~= nil",
            "rawequal(O, O)",
            "O ~= O",
            "O:f(1)",
            "(function(...) return ... end)(O(3))",
            "pcall(O)",
            "select('#', O(nil, nil))",
            "rawget(O, 'zz')",
            "O.r.a",
            "type(O)",
            "unpack({ O.a, O.b })",
        ];
        let mut block = vec![declaration, statement("local X = @", vec![other])];
        for _ in 0..self.random.usize(2..7) {
            let code = self.pick(&uses).replace('O', &name);
            block.push(Node::leaf(
                Kind::Statement,
                format!("show(pcall(function() return {code} end))"),
            ));
        }
        block.push(Node::leaf(
            Kind::Statement,
            format!("show(pcall(function() {name}.new = 1 return {name}.new end))"),
        ));
        statement("do@end", vec![Node::of(Kind::Block, block)])
    }

    /// Coroutines: values in and out, errors inside, yields across calls that are protected or by the VM.
    pub(super) fn coroutine_scenario(&mut self) -> Node {
        let scope = self.variables.len();
        let state = (self.loops, self.vararg, self.coroutine, self.protected);
        let variant = self.random.u32(..7);
        // The fourth has the body outside of the coroutine.
        (self.loops, self.vararg, self.coroutine) = (0, variant != 4, variant != 4);
        self.functions += 1;
        let mut body = self.block(3);
        body.parts.retain(|part| !matches!(part, super::tree::Part::Node(node) if node.render().trim() == "break"));
        let count = self.random.usize(0..3);
        let results = self.arguments(count, 1);
        self.functions -= 1;
        (self.loops, self.vararg, self.coroutine, self.protected) = state;
        self.variables.truncate(scope);

        let count = self.random.usize(0..3);
        let arguments = arguments_or_nil(self.arguments(count, 1));
        let yielded = self.expression(Type::Any, 1);
        match variant {
            0..=1 => statement(
                "do local co = coroutine.create(function(...) step()@coroutine.yield(@) do return @ end end) \
                 for i = 1, 4 do show(i, coroutine.resume(co, i, @)) show(coroutine.status(co)) end end",
                vec![body, some(vec![yielded]), results, arguments],
            ),
            2 => statement(
                "do local f = coroutine.wrap(function(...) step() show(pcall(function(...)@coroutine.yield(@) error('in') end, ...)) \
                 do return @ end end) for i = 1, 3 do show(pcall(f, i)) end end",
                vec![body, some(vec![yielded]), results],
            ),
            3 => statement(
                "do local co = coroutine.wrap(function(...) local t = setmetatable({}, { __add = function(a, b) \
                 return coroutine.yield('add', b) end, __index = function(_, k) return coroutine.yield(k) end, \
                 __lt = function() return coroutine.yield('lt') end, __concat = function() return coroutine.yield('cat') end }) \
                 show(t + 1, t.field, t < t, t .. 'x', 'y' .. t, @)@end) \
                 for i = 1, 8 do show(pcall(co, i)) end end",
                vec![yielded, body],
            ),
            4 => statement(
                "do local function gen(...) for i = 1, 3 do coroutine.yield(i, @) end do return @ end end \
                 for a, b in coroutine.wrap(gen) do@end end",
                vec![yielded, results, body],
            ),
            5 => statement(
                "do local co co = coroutine.create(function(...) show(coroutine.resume(co)) show(coroutine.status(co), \
                 coroutine.running() == co)@error(@, 2) end) show(coroutine.resume(co, @)) \
                 show(coroutine.resume(co)) end",
                vec![body, yielded, arguments],
            ),
            _ => statement(
                "do local outer = coroutine.wrap(function(...) local inner = coroutine.wrap(function(...) \
                 coroutine.yield(@)@end) show(inner(...)) show(pcall(inner, 2)) coroutine.yield(@) show(pcall(inner, 3)) \
                 show(pcall(inner)) end) for i = 1, 3 do show(pcall(outer, i)) end end",
                vec![yielded, body, arguments],
            ),
        }
    }

    /// Programs in programs.
    pub(super) fn loaded_text(&mut self) -> Node {
        if self.chance(30) {
            const BAD: &[&str] = &[
                "x =",
                "x = = 1",
                "for",
                "for i = 1 do end",
                "if x then",
                "return return",
                "local function",
                "x.1 = 2",
                "goto nowhere",
                "break",
                "::a:: ::a::",
                "'unfinished",
                "[[unfinished",
                "x = 'a\nb'",
                "x = '\\q'",
                "x = '\\300'",
                "x = 0x",
                "x = 1e",
                "x = 3x",
                "f(",
                "f(1,)",
                "{}",
                "x = }",
                "x = function() return ... end",
                "local a <const> = 1",
                "a, b += 1",
                "x = a.b:c = 1",
                "(a) = 1",
                "a.b:c()  = 1",
                "--[[ unfinished",
                "x = '\\u{110000000}'",
                "x = ~1",
                "x = 1 // 2",
                "x = a & b",
                "local 1 = 2",
                "end",
                "x = not",
                "until x",
                "repeat local a until a goto l ::l::",
                "do goto l local a ::l:: a = 1 end",
                "x = y y = x z",
                "x = #",
                "a.b.c",
                "return 1,",
                "local x = 'a' 'b'",
                "@",
                "x = $",
                "\\",
                "x = '\\x4'",
                "f\n(1)",
                "x = {1 2}",
                "x = {[1] 2}",
                "f{",
                "x = ...",
                "if x then else elseif y then end",
                "while do end",
                "local function f(a, ..., b) end",
                "function f(a,) end",
                "function a:b.c() end",
                "function 1() end",
                "return ... , a b",
                "x = \"\\",
                "-- comment",
                "",
                "return",
                "; ",
                "local",
                "=1",
            ];
            let code = self.pick(BAD);
            let name = self.pick(&[
                ", '=name'",
                ", '@file.lua'",
                ", 'text\\nof two lines'",
                "",
                ", ('x'):rep(100)",
                ", '@' .. ('y'):rep(90)",
            ]);
            return Node::leaf(
                Kind::Statement,
                format!("show(loadstring([=[\n{code}]=]{name}))"),
            );
        }
        // Nothing of the surroundings is in scope; globals are.
        let variables: Vec<_> = self
            .variables
            .iter()
            .filter(|it| it.name.starts_with('G'))
            .cloned()
            .collect();
        let outer = std::mem::replace(&mut self.variables, variables);
        let state = (self.loops, self.functions, self.vararg, self.coroutine);
        (self.loops, self.vararg) = (0, true);
        let body = self.block(4);
        (self.loops, self.functions, self.vararg, self.coroutine) = state;
        self.variables = outer;
        let count = self.random.usize(0..3);
        let arguments = self.arguments(count, 1);
        let level = "=".repeat(5 + self.random.usize(0..40));
        match self.random.u32(..3) {
            0 => {
                let mut all = vec![leaf("f")];
                all.extend(arguments.children().cloned());
                let code = format!(
                    "do local f, e = loadstring([{level}[@]{level}], '=inner') if f then show(pcall(@)) else show(e) end end"
                );
                statement(&code, vec![body, list(all)])
            }
            1 => statement(
                &format!(
                    "do local text, n = [{level}[@]{level}], 0 local f, e = load(function() n = n + 7 \
                     return text:sub(n - 6, n) end, '\\64piece') show(e, f and select('#', pcall(f))) end"
                ),
                vec![body],
            ),
            _ => statement(
                &format!(
                    "do local f, e = loadstring([{level}[@]{level}]) if f then show(pcall(f, @)) else show(e) end end"
                ),
                vec![body, list(vec![arguments_or_nil(arguments)])],
            ),
        }
    }

    pub(super) fn environment_scenario(&mut self) -> Node {
        let value = self.expression(Type::Any, 1);
        let body = self.block(2);
        match self.random.u32(..4) {
            0 => statement(
                "do local env = setmetatable({}, { __index = _G }) local f = setfenv(function() x = @ \
                 return x, getfenv(1) == env end, env) show(pcall(f)) show(env, x) end",
                vec![value],
            ),
            1 => statement(
                "do local function f() return y, z end local env = { y = @ } setfenv(f, env) show(f()) \
                 show(getfenv(f) == env, pcall(setfenv, print, {}), (pcall(setfenv, 1))) end",
                vec![value],
            ),
            2 => statement(
                "show((function() setfenv(1, setmetatable({}, { __index = _G, __newindex = function(t, k, v) \
                 show('global', k, v) rawset(t, k, v) end })) fresh = @@ end)())",
                vec![value, body],
            ),
            _ => statement(
                "show(pcall(function() setfenv(1, {}) return nothing + 1 end), (pcall(setfenv, 0)), @)",
                vec![value],
            ),
        }
    }

    /// Functions without upvalues, as dumps that are loaded again.
    pub(super) fn dump_scenario(&mut self) -> Node {
        let globals: Vec<_> = self
            .variables
            .iter()
            .filter(|it| it.name.starts_with('G'))
            .cloned()
            .collect();
        let outer = std::mem::replace(&mut self.variables, globals);
        let body = self.function_body(Type::Multiple, &[("x", Type::Number), ("y", Type::Any)]);
        self.variables = outer;
        let count = self.random.usize(0..3);
        let arguments = arguments_or_nil(self.arguments(count, 1));
        let strip = self.pick(&["", ", true", ", false"]);
        statement(
            &format!("show(pcall(loadstring(string.dump(function@{strip}), '=dumped'), @))"),
            vec![body, arguments],
        )
    }

    pub(super) fn debug_scenario(&mut self) -> Node {
        let value = self.expression(Type::Any, 2);
        match self.random.u32(..8) {
            0 => statement(
                "show(@, debug.getinfo(1, 'l').currentline,\n  debug.getinfo(1, 'l').currentline)",
                vec![value],
            ),
            1 => statement(
                "do local function name() local i = debug.getinfo(1, 'nSlu') return i.name, i.namewhat, i.short_src, \
                 i.linedefined, i.lastlinedefined, i.what, i.currentline, i.nups, i.nparams, i.isvararg end \
                 show(name()) local t = { m = name } show(t.m()) show(t:m()) show((name()), @) show(pcall(name)) end",
                vec![value],
            ),
            2 => statement(
                "do local a, b = 1, @ show(debug.getlocal(1, 1), debug.getlocal(1, 2)) \
                 local function f(x, ...) local y = x return debug.getlocal(1, 1), debug.getlocal(1, 2), debug.getlocal(1, -1) end \
                 show(f(a, b)) show(pcall(debug.getlocal, 50, 1)) end",
                vec![value],
            ),
            3 => statement(
                "do local u, w = 1, @ local function f() return u, w end show(debug.getupvalue(f, 1)) \
                 show(debug.getupvalue(f, 2)) show(debug.setupvalue(f, 1, 'new'), u) show(debug.getupvalue(f, 3)) end",
                vec![value],
            ),
            4 => statement(
                "show(xpcall(function() local x = @ local function deep(n) if n == 0 then error('bottom') end \
                 deep(n - 1) return n end deep(3) end, debug.traceback))",
                vec![value],
            ),
            5 => statement(
                "do local co = coroutine.create(function(a) local b = a coroutine.yield(b) error(@) end) \
                 show(coroutine.resume(co, 1)) show(debug.traceback(co)) show(debug.getlocal(co, 1, 1)) \
                 show(coroutine.resume(co)) end",
                vec![value],
            ),
            6 => statement(
                "show(pcall(function() local t = {}\n  t.a = @\n  return t.a.b.c,\n    t.d.e\nend))",
                vec![value],
            ),
            _ => statement(
                "show(pcall(function()\n  local x = @\n  return x\n    .. {}\n    .. 'y'\nend))",
                vec![value],
            ),
        }
    }

    /// Many locals, upvalues, constants, arguments, operands: near what one function can hold.
    pub(super) fn wide_scenario(&mut self) -> Node {
        let many = |count: usize, item: &dyn Fn(usize) -> String| -> String {
            (0..count).map(item).collect::<Vec<_>>().join(", ")
        };
        let (code, value) = match self.random.u32(..9) {
            0 => {
                let count = self.random.usize(150..206);
                let names = many(count, &|i| format!("x{i}"));
                let last = count - 1;
                (
                    format!(
                        "show(loadstring([[local {names} = ... x{last} = (x0 or 1) + 1 return x1, x{last}]]))"
                    ),
                    None,
                )
            }
            1 => {
                let count = self.random.usize(20..64);
                let names = many(count, &|i| format!("x{i}"));
                let sum = (0..count)
                    .map(|i| format!("x{i}"))
                    .collect::<Vec<_>>()
                    .join(" + ");
                (
                    format!(
                        "do local f, e = loadstring([[local {names} = ... return function() x0 = x0 + 1 return {sum} end]]) \
                         show(e) if f then local g = f({}) show(g(), g()) end end",
                        many(count, &|i| i.to_string())
                    ),
                    None,
                )
            }
            2 => {
                let count = self.random.usize(200..600);
                let fields = many(count, &|i| format!("k{i} = {}", i as f64 * 1.5));
                let last = count - 1;
                (
                    format!(
                        "do local t = {{ {fields} }} t.k0 = t.k{last} + {last}.25 t.z{last} = 'z{last}' show(t.k0, t.k7, t.z{last}) end"
                    ),
                    None,
                )
            }
            3 => {
                let count = self.random.usize(40..260);
                let items = many(count, &|i| i.to_string());
                (
                    format!(
                        "do local t = {{ {items}, @ }} show(#t, t[{count}], select('#', unpack(t)), (select({count}, {items}))) end"
                    ),
                    Some(Type::Number),
                )
            }
            4 => {
                let count = self.random.usize(20..240);
                let chain = (0..count)
                    .map(|i| format!("'{i}'"))
                    .collect::<Vec<_>>()
                    .join(" .. ");
                (
                    format!("show(loadstring([[local v = ... return #(v .. {chain})]])('x'), @)"),
                    Some(Type::Text),
                )
            }
            5 => {
                let depth = self.random.usize(20..230);
                let (open, close) = ("(".repeat(depth), ")".repeat(depth));
                (format!("show(loadstring([[return {open}1{close}]]))"), None)
            }
            6 => {
                let depth = self.random.usize(20..120);
                let mut nested = "x".to_owned();
                for i in 0..depth {
                    nested = match i % 3 {
                        0 => format!("1 + ({nested})"),
                        1 => format!("({nested}) .. '0' + 0"),
                        _ => format!("(function(x) return {nested} end)(x)"),
                    };
                    if nested.len() > 1500 {
                        break;
                    }
                }
                (
                    format!(
                        "do local f, e = loadstring([[local x = ... return {nested}]]) show(e) if f then show(pcall(f, 1)) end end"
                    ),
                    None,
                )
            }
            7 => {
                let depth = self.random.usize(10..240);
                let right = (0..depth)
                    .map(|i| format!("({i} + x * "))
                    .collect::<String>();
                let close = ")".repeat(depth);
                (
                    format!(
                        "do local f, e = loadstring([[local x = ... return {right}1{close}]]) show(e) if f then show(f(0.5)) end end"
                    ),
                    None,
                )
            }
            _ => {
                let count = self.random.usize(30..240);
                let names = many(count, &|i| format!("p{i}"));
                let values = many(count, &|i| i.to_string());
                (
                    format!(
                        "do local f, e = loadstring([[local function f({names}) return p0, p{} end return f({values})]]) show(e) if f then show(pcall(f)) end end",
                        count - 1
                    ),
                    None,
                )
            }
        };
        match value {
            Some(kind) => {
                let value = self.expression(kind, 1);
                statement(&code, vec![value])
            }
            None => Node::leaf(Kind::Statement, code),
        }
    }

    /// Closures that share variables, made in loops and called after them.
    pub(super) fn closure_scenario(&mut self) -> Node {
        let value = self.expression(Type::Number, 1);
        let condition = self.condition(1);
        match self.random.u32(..5) {
            0 => statement(
                "do local fs = {} for i = 1, 3 do local j = i * 2 fs[#fs + 1] = function() j = j + i return j end \
                 if @ then i = i + @ end end for _, f in ipairs(fs) do show(f(), f()) end end",
                vec![condition, value],
            ),
            1 => statement(
                "do local get, set do local hidden = @ function get() return hidden end function set(v) hidden = v end end \
                 show(get()) set(@) show(get()) end",
                vec![value, condition],
            ),
            2 => statement(
                "do local fs, n = {}, 0 while n < 3 do n = n + 1 local m = n fs[n] = function(d) m = m + d return m, n end \
                 if @ then break end end for i = 1, #fs do show(fs[i](@)) end end",
                vec![condition, value],
            ),
            3 => statement(
                "do local f do local x = @ local function inner() x = x + 1 return x end f = function() return inner() + inner() end end \
                 show(f(), f(), @) end",
                vec![value, condition],
            ),
            _ => statement(
                "do local fs = {} for k, v in next, { @ } do local c = v fs[1] = function() v = c c = k return k, v, c end end \
                 if fs[1] then show(fs[1]()) show(fs[1]()) end show(@) end",
                vec![value, condition],
            ),
        }
    }
}

fn arguments_or_nil(arguments: Node) -> Node {
    if arguments.parts.is_empty() {
        some(vec![leaf("nil")])
    } else {
        arguments
    }
}
