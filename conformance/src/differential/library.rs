//! Statements of random programs that exercise the libraries: any function, with arguments that fit or do not.

use super::generate::{Generator, Type};
use super::tree::{Node, expression, leaf, list, statement};

/// Functions and what they take: `n` any number, `i` a small one, `s` text, `p` a pattern, `F` a format,
/// `l` numbers, `t` a record, `f` a function, `m` the name of a module, `a` anything, `*` more of anything.
const FUNCTIONS: &[(&str, &str)] = &[
    ("string.byte", "sii"),
    ("string.byte", "s"),
    ("string.char", "iii"),
    ("string.find", "sp"),
    ("string.find", "spi"),
    ("string.find", "ssia"),
    ("string.format", "Fn"),
    ("string.format", "Fs"),
    ("string.format", "Fn*"),
    ("string.gmatch", "sp"),
    ("string.gsub", "sps"),
    ("string.gsub", "spf"),
    ("string.gsub", "spti"),
    ("string.gsub", "spsi"),
    ("string.len", "s"),
    ("string.lower", "s"),
    ("string.match", "sp"),
    ("string.match", "spi"),
    ("string.rep", "si"),
    ("string.rep", "sis"),
    ("string.reverse", "s"),
    ("string.sub", "si"),
    ("string.sub", "sii"),
    ("string.upper", "s"),
    ("table.concat", "l"),
    ("table.concat", "ls"),
    ("table.concat", "lsi"),
    ("table.concat", "lsii"),
    ("table.insert", "ln"),
    ("table.insert", "lia"),
    ("table.remove", "l"),
    ("table.remove", "li"),
    ("table.maxn", "l"),
    ("table.getn", "l"),
    ("table.move", "liii"),
    ("table.move", "liiil"),
    ("table.foreachi", "lf"),
    ("math.abs", "n"),
    ("math.floor", "n"),
    ("math.fmod", "nn"),
    ("math.frexp", "n"),
    ("math.ldexp", "ni"),
    ("math.max", "nn"),
    ("math.max", "nnn"),
    ("math.min", "nnn"),
    ("math.modf", "n"),
    ("math.sqrt", "n"),
    ("math.pow", "ni"),
    ("math.log", "n"),
    ("math.exp", "i"),
    ("math.deg", "n"),
    ("math.rad", "n"),
    ("math.sin", "i"),
    ("math.cos", "i"),
    ("math.tan", "i"),
    ("math.log10", "n"),
    ("math.atan2", "ii"),
    ("math.sinh", "i"),
    ("bit.band", "nn"),
    ("bit.band", "nnn"),
    ("bit.bor", "nn"),
    ("bit.bxor", "nnn"),
    ("bit.bnot", "n"),
    ("bit.lshift", "nn"),
    ("bit.rshift", "nn"),
    ("bit.arshift", "nn"),
    ("bit.rol", "nn"),
    ("bit.ror", "nn"),
    ("bit.bswap", "n"),
    ("bit.tobit", "n"),
    ("bit.tohex", "n"),
    ("assert", "aa"),
    ("error", "a"),
    ("error", "ai"),
    ("getmetatable", "a"),
    ("ipairs", "l"),
    ("loadstring", "ss"),
    ("next", "l"),
    ("pairs", "t"),
    ("pcall", "fa"),
    ("rawequal", "aa"),
    ("rawget", "ta"),
    ("rawlen", "t"),
    ("rawset", "laa"),
    ("select", "ia"),
    ("select", "iaaa"),
    ("setmetatable", "tt"),
    ("tonumber", "a"),
    ("tonumber", "s"),
    ("tonumber", "si"),
    ("tostring", "n"),
    ("tostring", "a"),
    ("type", "a"),
    ("unpack", "l"),
    ("unpack", "lii"),
    ("xpcall", "fh"),
    ("coroutine.create", "f"),
    ("coroutine.resume", "a"),
    ("coroutine.status", "a"),
    ("coroutine.wrap", "f"),
    ("coroutine.running", ""),
    ("getfenv", "a"),
    ("setfenv", "ft"),
    ("debug.getinfo", "fs"),
    ("debug.getupvalue", "fi"),
    ("debug.traceback", "s"),
    ("load", "s"),
    ("string.dump", "f"),
    ("os.date", "s"),
    ("require", "m"),
    ("module", "m"),
];

/// Functions whose results tell of addresses, time or hashing: only that they do not fail is compared.
const SILENT: &[&str] = &[
    "getfenv",
    "os.date",
    "string.dump",
    "next",
    "pairs",
    "require",
    "module",
    "debug.getinfo",
    "debug.traceback",
    "coroutine.running",
];

impl Generator {
    /// A protected call of a library function.
    pub(super) fn library_call(&mut self) -> Node {
        let (name, signature) = FUNCTIONS[self.random.usize(..FUNCTIONS.len())];
        let mut arguments = Vec::new();
        for code in signature.chars() {
            // Rounding without an argument gives in LuaJIT what happens to be on its stack.
            if self.chance(3) && !["math.floor", "math.deg", "math.rad"].contains(&name) {
                break;
            }
            arguments.push(match (name, code) {
                // What is not a number converts to -2^31, and LuaJIT moves elements for half a minute.
                ("table.insert", 'i') => self.small_number(),
                // In LuaJIT these are bytecode, whose errors have handlers that are called like metamethods.
                ("math.deg" | "math.rad", _) => {
                    expression("(tonumber(@) or 1)", vec![self.argument(code)])
                }
                _ => self.argument(code),
            });
        }
        // Old versions of LuaJIT count digits beyond 254 from 0 again, which newer ones do not.
        if self.chance(4) && name != "bit.tohex" {
            arguments.push(self.argument('a'));
        }
        let arguments = list(arguments);
        if SILENT.contains(&name) {
            return statement(
                &format!("show((pcall(function() return {name}(@) end)))"),
                vec![arguments],
            );
        }
        match self.chance(70) {
            true => statement(
                &format!("show(pcall(function() return {name}(@) end))"),
                vec![arguments],
            ),
            // Without a Lua function in between, messages say `?` and have no position.
            false => {
                let mut all = vec![leaf(name)];
                all.extend(arguments.children().cloned());
                statement("show(pcall(@))", vec![list(all)])
            }
        }
    }

    fn argument(&mut self, code: char) -> Node {
        let code = match self.chance(6) {
            true => char::from(b"isltabxo"[self.random.usize(..8)]),
            false => code,
        };
        match code {
            'n' => self.expression(Type::Number, 1),
            'i' => self.small_number(),
            's' => self.expression(Type::Text, 1),
            'p' => self.pattern_literal(),
            'F' => self.format(),
            // A copy: with a nil put into it, its length would be open.
            'l' => expression("{ unpack(@) }", vec![self.expression(Type::Numbers, 1)]),
            't' => self.expression(Type::Record, 1),
            'f' => {
                let coroutine = std::mem::replace(&mut self.coroutine, false);
                let function = self.function(Type::Multiple, 1);
                self.coroutine = coroutine;
                function
            }
            // A handler that fails is called again by LuaJIT, until its stack is full.
            'h' => leaf("function(...) return ... end"),
            // Not that of a file that happens to be where the peer runs.
            'm' => expression("'no.such.' .. @", vec![self.expression(Type::Text, 1)]),
            'b' => leaf("true"),
            'x' => leaf("nil"),
            'o' => self.expression(Type::Object, 1),
            _ => self.expression(Type::Any, 1),
        }
    }

    /// A format for `string.format`, most often a good one.
    fn format(&mut self) -> Node {
        let mut format = String::new();
        for _ in 0..self.random.usize(1..4) {
            format.push_str(self.pick(&["", "a", "%%", " "]));
            format.push('%');
            if self.chance(40) {
                format.push_str(self.pick(&["-", "+", " ", "#", "0", "-+", "0-"]));
            }
            let width = match self.chance(40) {
                true => self.pick(&["1", "5", "12", "99", "100", "0"]),
                false => "",
            };
            let before = format.len();
            if self.chance(40) {
                format.push_str(self.pick(&[".", ".0", ".3", ".14", ".20", ".99", ".100"]));
            }
            let conversion = self.pick(&[
                "d", "i", "u", "c", "x", "X", "o", "e", "E", "f", "g", "G", "a", "A", "s", "q",
                "s", "d", "y", "",
            ]);
            // An address is left out of what is compared, but not the spaces that fill it up.
            if conversion != "s" {
                format.insert_str(before, width);
            }
            format.push_str(conversion);
        }
        leaf(format!("'{format}'"))
    }

    /// Strings: matching, replacing with functions and tables that look at the program, iteration.
    pub(super) fn text_scenario(&mut self) -> Node {
        let subject = self.expression(Type::Text, 2);
        let pattern = self.pattern_literal();
        match self.random.u32(..7) {
            0 => {
                // Not across `gsub`, which stops a yield in LuaJIT.
                let coroutine = std::mem::replace(&mut self.coroutine, false);
                let body = self.function_body(Type::Any, &[("c", Type::Text), ("d", Type::Any)]);
                self.coroutine = coroutine;
                statement(
                    "show(pcall(string.gsub, @, @, function@))",
                    vec![subject, pattern, body],
                )
            }
            1 => {
                let value = self.expression(Type::Any, 1);
                statement(
                    "show(pcall(string.gsub, @, @, setmetatable({}, { __index = function(_, k) \
                     show('asked', k) return @ end })))",
                    vec![subject, pattern, value],
                )
            }
            2 => statement(
                "show(pcall(function() for a, b in (@):gmatch(@) do show(a, b) end end))",
                vec![subject, pattern],
            ),
            3 => {
                let init = self.small_number();
                statement(
                    "show(pcall(string.find, @, @, @)) ",
                    vec![subject, pattern, init],
                )
            }
            4 => {
                let format = self.format();
                let count = self.random.usize(0..4);
                let mut all = vec![leaf("string.format"), format];
                for _ in 0..count {
                    let kind = *[Type::Number, Type::Number, Type::Text, Type::Any]
                        .get(self.random.usize(..4))
                        .unwrap_or(&Type::Any);
                    all.push(self.expression(kind, 1));
                }
                statement("show(pcall(@))", vec![list(all)])
            }
            5 => statement(
                "show(loadstring('return ' .. ('%q'):format(@))())",
                vec![subject],
            ),
            _ => {
                let value = self.expression(Type::Number, 1);
                statement("show(tonumber(tostring(@)), #(@))", vec![value, subject])
            }
        }
    }

    /// Tables: sorting, insertion, removal, and iteration that does not depend on order.
    pub(super) fn table_scenario(&mut self) -> Node {
        let numbers = match self.chance(50) {
            true => {
                let count = self.random.usize(3..25);
                let items = (0..count)
                    .map(|_| leaf(self.random.i32(-9..10).to_string()))
                    .collect();
                expression("{ @ }", vec![list(items)])
            }
            false => self.expression(Type::Numbers, 2),
        };
        match self.random.u32(..9) {
            0 => {
                let comparator = leaf(self.pick(&[
                    "nil",
                    "function(a, b) return a > b end",
                    "function(a, b) return a % 3 < b % 3 end",
                    "function(a, b) return a <= b end",
                    "function() return true end",
                    "function(a, b) show(a, b) return a < b end",
                    "function() error('no') end",
                    "function(a, b) return tostring(a) < tostring(b) end",
                ]));
                statement(
                    "do local l = @ show(pcall(table.sort, l, @)) show(l) end",
                    vec![numbers, comparator],
                )
            }
            1 => {
                let (a, b) = (self.small_number(), self.expression(Type::Any, 1));
                statement(
                    "do local l = { unpack(@) } show(pcall(table.insert, l, @, @)) show(l) end",
                    vec![numbers, a, b],
                )
            }
            2 => {
                let place = self.small_number();
                statement(
                    "do local l = @ show(pcall(table.remove, l, @)) show(l, #l) end",
                    vec![numbers, place],
                )
            }
            3 => statement(
                "do local l, sum = @, 0 for _, v in ipairs(l) do sum = sum + v end show(sum, #l) end",
                vec![numbers],
            ),
            4 => {
                let words = ["b", "a", "10", "9", "", "B", "aa"];
                let count = self.random.usize(1..7);
                let items = (0..count)
                    .map(|_| leaf(format!("'{}'", words[self.random.usize(..7)])))
                    .collect();
                statement(
                    "do local l = { @ } table.sort(l) show(l) end",
                    vec![list(items)],
                )
            }
            5 => statement(
                "do local l = @ for i = #l, 1, -1 do if l[i] % 2 == 0 then table.remove(l, i) end end show(l) end",
                vec![numbers],
            ),
            6 => {
                let (from, to, at) = (
                    self.small_number(),
                    self.small_number(),
                    self.small_number(),
                );
                statement(
                    "do local l = { unpack(@) } show(pcall(table.move, l, @, @, @)) show(l) end",
                    vec![numbers, from, to, at],
                )
            }
            7 => {
                let value = self.expression(Type::Any, 1);
                statement(
                    "do local t = {} for i, v in ipairs(@) do t[v] = i t[i / 2] = @ end \
                     for _, k in ipairs(keys(t)) do show(k, t[k]) t[k] = nil end show(next(t)) end",
                    vec![numbers, value],
                )
            }
            _ => statement(
                "do local l = @ local t = { unpack(l) } t[#t + 1] = #t show(t, select('#', unpack(t)), table.concat(t, '-')) end",
                vec![numbers],
            ),
        }
    }
}
