//! Statements of random programs that hand any value to any function, convert anything to anything, and make
//! mistakes with variables of all kinds, whose names are then in the messages.

use super::generate::{Generator, Type};
use super::tree::{Kind, Node, expression, leaf, list, statement};

/// Values that few functions are made for.
const ODD: &[&str] = &[
    "nil",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "3",
    "16",
    "37",
    "255",
    "0.5",
    "-1.5",
    "0/0",
    "1/0",
    "-1/0",
    "2^31",
    "-2^31",
    "2^32 + 1",
    "2^53",
    "1e300",
    "''",
    "'a'",
    "'10'",
    "' 0x1F '",
    "'1e1'",
    "'-0'",
    "'0x'",
    "'nan'",
    "'%'",
    "'(a'",
    "'%d'",
    "'%s|%5.2f|%q'",
    "'a\\0b'",
    "'[a-'",
    "'(%w+)'",
    "'zz'",
    "'hello world'",
    "{}",
    "{ 1, 2, 3 }",
    "{ 3, 1, 2 }",
    "{ 'x', 'y' }",
    "{ 1, 'a', {} }",
    "setmetatable({}, { __tostring = function() return 'shown' end })",
    "setmetatable({}, { __tostring = function() return 1 end })",
    "setmetatable({}, { __tostring = function() error('unshown') end })",
    "setmetatable({}, { __metatable = 'locked' })",
    "setmetatable({}, { __metatable = false })",
    "setmetatable({}, { __index = function(t, k) return k end })",
    "setmetatable({}, { __newindex = function() error('unset') end })",
    "setmetatable({}, { __len = function() return 2 end })",
    "setmetatable({}, { __call = function(self, ...) return 'called', ... end })",
    "function(...) return ... end",
    "function() end",
    "function() error('failing') end",
    "function() error({}) end",
    "function(a, b) return a > b end",
    "rawequal",
    "tostring",
    "coroutine.create(function(...) return ... end)",
    "coroutine.wrap(function(...) return ... end)",
    "newproxy()",
    "newproxy(true)",
    "io.stdout",
    "1LL",
    "-1LL",
    "2ULL",
];

/// What may be called with them: it does no more work than its arguments are long, and tells nothing of
/// addresses, time or the world, nor of where LuaJIT cannot yield.
const CALLED: &[&str] = &[
    "assert",
    "error",
    "getmetatable",
    "ipairs",
    "loadstring",
    "load",
    "pcall",
    "rawequal",
    "rawget",
    "rawset",
    "select",
    "setmetatable",
    "tonumber",
    "tostring",
    "type",
    "string.byte",
    "string.char",
    "string.find",
    "string.format",
    "string.gmatch",
    "string.gsub",
    "string.len",
    "string.lower",
    "string.match",
    "string.reverse",
    "string.sub",
    "string.upper",
    "table.remove",
    "table.maxn",
    "table.sort",
    "table.getn",
    "math.abs",
    "math.acos",
    "math.asin",
    "math.atan",
    "math.atan2",
    "math.fmod",
    "math.frexp",
    "math.ldexp",
    "math.log",
    "math.max",
    "math.min",
    "math.modf",
    "math.pow",
    "math.sqrt",
    "bit.band",
    "bit.bor",
    "bit.bnot",
    "bit.lshift",
    "bit.rol",
    "bit.tobit",
    "bit.bswap",
    "coroutine.create",
    "coroutine.resume",
    "coroutine.status",
    "coroutine.wrap",
    "debug.getupvalue",
    "debug.gethook",
    "debug.getmetatable",
    "debug.setupvalue",
    "os.difftime",
    "io.type",
    "newproxy",
    "require('table.clear')",
    "require('string.buffer').decode",
    "require('string.buffer').new",
];

/// Where a value may be, as an expression; `V` is a local variable, `U` an upvalue, `T` a table that holds it.
const PLACES: &[&str] = &[
    "V", "U", "GX", "T.f", "T[1]", "T[K]", "T.t.f", "T['a b']", "U2.f", "U2[K]", "(V)", "F()",
    "T:m()", "('x').f", "GT.f", "GT.t.f", "T[V2]", "(V or U)", "T[1.5]", "T[true]",
];

/// What may be done with a place `P`.
const MISUSES: &[&str] = &[
    "local x = P + 1",
    "local x = 1 + P",
    "local x = P * V2",
    "local x = P - P",
    "local x = P / 2",
    "local x = P % 2",
    "local x = 2 ^ P",
    "local x = -P",
    "local x = #P",
    "local x = P .. 'x'",
    "local x = 'x' .. P",
    "local x = 'a' .. 'b' .. P .. 'c'",
    "local x = P < 1",
    "local x = 1 < P",
    "local x = P <= P",
    "local x = P > 'a'",
    "local x = P.k",
    "local x = P.k.l",
    "local x = P[K]",
    "local x = P[1][2]",
    "P()",
    "P(1, 2)",
    "P.k()",
    "P:k()",
    "P:k(P)",
    "P[K]()",
    "return P()",
    "return P:k()",
    "return (P())",
    "local x = { P.k }",
    "for i = P, 2 do end",
    "for i = 1, P do end",
    "for i = 1, 2, P do end",
    "for k in P do break end",
    "for k in pairs(P) do break end",
    "for k in ipairs(P) do break end",
    "local x = not P.k",
    "if P.k then end",
    "if P < 2 then end",
    "while P.k.l do break end",
    "local x = function() return P.k end x()",
    "string.rep(P)",
    "('x'):rep(P)",
    "('x'):bad(P)",
    "setmetatable(P, P)",
    "local x = math.floor(P)",
    "local x = V2 + P.k",
    "local x, y = P.k, P.l",
    "local x = T.f.g.h",
    "local x = P and P.k + 1",
];

/// Misuses that assign to a place.
const ASSIGNMENTS: &[&str] = &[
    "P.k = 1",
    "P[K] = 1",
    "P.k.l = 1",
    "P[nil] = 1",
    "P[0/0] = 1",
    "P.k, P.l = 1, 2",
    "P.k = P.k + 1",
    "function P_dot.k() end",
];

/// What a place may hold.
const HELD: &[&str] = &[
    "nil",
    "true",
    "5",
    "'text'",
    "'12'",
    "{}",
    "function() end",
    "print",
    "newproxy()",
    "coroutine.create(print)",
    "1LL",
    "setmetatable({}, { __index = function(_, k) return nil end })",
];

/// Texts that may be numbers.
const NUMERALS: &[&str] = &[
    "0",
    "-0",
    "+1",
    " 1 ",
    "1 2",
    "1.",
    ".1",
    ".",
    "1e",
    "1e5",
    "1E+5",
    "1e-5",
    "1e400",
    "-1e400",
    "1e-400",
    "0x",
    "0x1",
    "0X1f",
    "-0x1",
    "+0x1",
    "0x1p4",
    "0x.8p1",
    "0x1.8",
    "0x1p",
    "0xg",
    "0x1e2",
    "1f",
    "1d",
    "inf",
    "nan",
    "-inf",
    "infinity",
    "1LL",
    "1ull",
    "0x1LL",
    "08",
    "0b101",
    "0b2",
    "1_000",
    "1,5",
    "\\t7\\n",
    "7\\0",
    "",
    " ",
    "-",
    "--1",
    "- 1",
    "9007199254740993",
    "18446744073709551616",
    "123456789012345678901234567890",
    "0.1e1",
    "4.9e-324",
    "2.4e-324",
    "1.7976931348623159e308",
    "0x1.fffffffffffff8p1023",
    "0x10000000000000001",
    "0xffffffffffffffff",
    "00012",
    "1e0005",
    "1e+",
    "e5",
    "0e0",
    "0x0p0",
    "z",
    "zz",
    "7f",
    "Az",
    "-ff",
    "11111111",
    "777",
    "129",
    "\\v1",
    "1\\r",
    "1e1e1",
    "1..2",
    "0.1.2",
    "0x1.p1",
    "0x.p1",
    "1e99999999999",
    "0e99999999999",
];

/// Conversions of numbers to text.
const CONVERSIONS: &[&str] = &[
    "%d", "%i", "%u", "%5d", "%-7d|", "%+d", "% d", "%07d", "%.3d", "%8.3d", "%x", "%#x", "%X",
    "%#o", "%o", "%c", "%e", "%.0e", "%#.0e", "%.12e", "%E", "%f", "%.0f", "%#.0f", "%.17f",
    "%+.2f", "%08.2f", "%-12.1f|", "%g", "%G", "%.0g", "%#g", "%.1g", "%.17g", "%.40g", "%+g",
    "% g", "%012g", "%a", "%A", "%.0a", "%.3a", "%#a", "%20a", "%-20a|", "%+a", "%s", "%5.1s",
    "%.3s", "%q", "%99.99f", "%.99e", "%.14g", "%.15g", "%.16g", "%.18g",
];

/// Numbers at the edges of the ways to write and to store them.
const EDGES: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "-0.5",
    "1.5",
    "2.5",
    "0.1",
    "1/3",
    "2/3",
    "0/0",
    "1/0",
    "-1/0",
    "2^24",
    "2^31",
    "2^31 - 1",
    "-2^31",
    "-2^31 - 1",
    "2^32",
    "2^32 - 1",
    "2^51",
    "2^52",
    "2^53",
    "2^53 + 2",
    "-2^53",
    "2^63",
    "-2^63",
    "2^64",
    "1e15",
    "1e16",
    "1e17",
    "1e21",
    "1e22",
    "1e23",
    "1e100",
    "1e308",
    "1.7976931348623157e308",
    "1e-5",
    "1e-4",
    "1e-7",
    "1e-300",
    "2.2250738585072014e-308",
    "4.9406564584124654e-324",
    "1e-320",
    "0.1 + 0.2",
    "123456789.123",
    "99999999999999.9",
    "999999999999999",
    "9999999999999998",
    "0.00001",
    "0.000123456789",
    "9.995",
    "9.9999999",
    "0.05",
    "0x1.8p-1074",
    "0x1p-1022",
    "0x1.fffffffffffffp1023",
    "5e-324 * 3",
    "100",
    "1e14",
    "12345678901234567890",
];

impl Generator {
    /// One of the statements above.
    pub(super) fn odd_scenario(&mut self) -> Node {
        match self.random.u32(..10) {
            0..=4 => self.odd_call(),
            5..=7 => self.misuse(),
            8 => self.numeral(),
            _ => self.edge(),
        }
    }

    fn odd_value(&mut self) -> Node {
        match self.chance(90) {
            true => leaf(self.pick(ODD)),
            false => self.expression(Type::Any, 1),
        }
    }

    fn odd_call(&mut self) -> Node {
        let function = self.pick(CALLED);
        let count = self.random.usize(..5);
        let mut arguments: Vec<_> = (0..count).map(|_| self.odd_value()).collect();
        match self.random.u32(..4) {
            // Without a Lua function in between, messages say `?` and have no position.
            0 => {
                arguments.insert(0, leaf(function));
                statement("show(pcall(@))", vec![list(arguments)])
            }
            1 => statement(
                &format!("show(pcall(function() local r = {function}(@) return r end))"),
                vec![list(arguments)],
            ),
            2 if count > 0 => {
                let first = arguments.remove(0);
                statement(
                    &format!(
                        "show(pcall(function() local o = {{ f = {function} }} return o.f(@, (@)) end))"
                    ),
                    vec![
                        first,
                        expression("(function(...) return ... end)(@)", vec![list(arguments)]),
                    ],
                )
            }
            _ => statement(
                &format!("show(pcall(function() return {function}(@) end))"),
                vec![list(arguments)],
            ),
        }
    }

    /// A mistake with a variable, whose kind and name are in the message.
    fn misuse(&mut self) -> Node {
        let place = self.pick(PLACES);
        let code = match self.chance(80)
            || !place.starts_with(|c: char| c.is_ascii_uppercase())
            || place.ends_with(')')
        {
            true => self.pick(MISUSES).replace('P', place),
            false => {
                let name = if place.contains('[') { "T" } else { place };
                self.pick(ASSIGNMENTS)
                    .replace("P_dot", name)
                    .replace('P', place)
            }
        };
        let (held, other) = (self.pick(HELD), self.pick(HELD));
        let key = self.pick(&["'key'", "1", "1.5", "true", "nil", "{}"]);
        let handler = self.pick(&[
            "pcall(f)",
            "pcall(f, 1)",
            "xpcall(f, function(e) return e, debug.getinfo(2, 'l').currentline end)",
            "coroutine.resume(coroutine.create(f))",
            "pcall(coroutine.wrap(f))",
        ]);
        statement(
            &format!(
                "do local U, V2, K = {held}, {other}, {key} GX, GT = U, {{ f = U, t = {{ f = U }} }}
                 local U2 = {{ f = U, key = U }} local function F() return U end
                 local function f()
                 local V, T = U, {{ U, f = U, key = U, t = {{ f = U }}, m = F }}
                 {code}
                 end show({handler}) GX, GT = nil end"
            ),
            vec![],
        )
    }

    fn numeral(&mut self) -> Node {
        let text = self.pick(NUMERALS);
        let base = self.random.u32(2..37);
        let code = match self.random.u32(..4) {
            0 => format!(
                "show(tonumber('{text}'), tonumber('{text}', {base}), pcall(function() return '{text}' + 0 end))"
            ),
            1 => format!("show(loadstring('return {text}', '=numeral'))"),
            2 => format!(
                "show(pcall(function() return loadstring('return {text}', '=numeral')() end))"
            ),
            _ => format!(
                "show(pcall(function() for i = '{text}', 1 do return i end end), pcall(math.floor, '{text}'), ('{text}' == 0), pcall(string.rep, 'x', '{text}'))"
            ),
        };
        Node::leaf(Kind::Statement, code)
    }

    fn edge(&mut self) -> Node {
        let (a, b) = (self.pick(EDGES), self.pick(EDGES));
        let format = self.pick(CONVERSIONS);
        let operator = self.pick(&["+", "-", "*", "/", "%", "^", "==", "<", "<="]);
        Node::leaf(
            Kind::Statement,
            match self.random.u32(..4) {
                0 => format!("show(pcall(string.format, '{format}', {a}), tostring({b}))"),
                1 => format!("show(({a}) {operator} ({b}), tostring(({a}) * ({b})), -({a}))"),
                2 => format!(
                    "do local a, b = {a}, {b} show(a {operator} b, a .. '', tostring(a - b), math.fmod(a, b), math.modf(a)) show(math.floor(b), math.ceil(b), math.frexp(b)) end"
                ),
                _ => format!(
                    "do local t = {{ [({a}) == ({a}) and ({a}) or 'nan'] = 1 }} show(t, t[{b}], #t, tonumber(tostring({b})) == ({b}), bit.tobit({b}), ('%d'):format({a})) end"
                ),
            },
        )
    }
}
