//! Expressions of random programs, by the type that their place wants.

use super::generate::{FIELDS, Generator, Type};
use super::tree::{Node, expression, leaf, list};

const NUMBERS: &[&str] = &[
    "0", "1", "2", "3", "-1", "7", "10", "0.5", "-0.25", "1e3", "0x10", "255", "256", "65535",
    "65536", "100", "-3", "1.5", "12345", ".5", "3.", "0xA.8p0",
];

const CORNERS: &[&str] = &[
    "-0",
    "(0/0)",
    "(1/0)",
    "(-1/0)",
    "2^31",
    "-2^31",
    "2^31 - 1",
    "2^32",
    "2^32 + 1",
    "2^53",
    "2^53 + 1",
    "-2^53",
    "2^63",
    "-2^63",
    "2^64",
    "1e308",
    "1e-308",
    "5e-324",
    "1e15",
    "1e16",
    "123456789012345",
    "0.1",
    "1/3",
    "2147483647",
    "2147483648",
    "4294967295",
    "-2147483648",
    "-2147483649",
    "1e100",
    "0x7fffffff",
    "0xffffffff",
    "0x1p-3",
    "1e14 + 0.5",
    "4503599627370497.5",
    "math.pi",
    "math.huge",
    "-math.huge",
    "32767",
    "-32769",
    "32768",
];

const TEXTS: &[&str] = &[
    "''",
    "'a'",
    "'abc'",
    "'hello world'",
    "'x=1, y=22'",
    "'10'",
    "'0x10'",
    "' 7 '",
    "'1e2'",
    "'-0'",
    "'%d'",
    "'a.b.c'",
    "[[long]]",
    "'\\n\\t'",
    "'\\0z'",
    "'\\xe9\\255'",
    "'\\u{20ac}'",
    "\"q'q\"",
    "[==[]]]==]",
    "'nan'",
    "'inf'",
    "'a\\z\n  b'",
    "'key'",
    "'1 2'",
    "'\\65\\066\\0677'",
    "'AbC'",
    "'zzz'",
    "'['",
    "'%'",
];

impl Generator {
    /// Writes an expression of a type, at most so deep; rarely of another type.
    pub(super) fn expression(&mut self, kind: Type, depth: u32) -> Node {
        let mistakes = if self.protected { 4 } else { 0 };
        let kind = match self.chance(mistakes) {
            true => self.any_type(),
            false => kind,
        };
        if depth > 0 && self.chance(3) {
            return self.enclosed(|it| it.wrapped(kind, depth - 1));
        }
        match kind {
            Type::Number => self.number(depth),
            Type::Text => self.text(depth),
            Type::Boolean => self.boolean(depth),
            Type::Numbers => self.numbers(depth),
            Type::Record => self.record(depth),
            Type::Object => self.object_value(depth),
            Type::Function => self.function(Type::Number, depth),
            Type::Multiple => self.function(Type::Multiple, depth),
            Type::Any => self.any(depth),
        }
    }

    /// Puts an expression in a place from which it comes out as it is.
    fn wrapped(&mut self, kind: Type, depth: u32) -> Node {
        let value = self.expression(kind, depth);
        let other = self.any_type();
        let other = self.expression(other, depth.min(1));
        match self.random.u32(..9) {
            0 => expression("(@)", vec![value]),
            1 => expression("(function(...) return ... end)(@)", vec![value]),
            2 => expression("({ @ })[1]", vec![value]),
            3 => expression("select(2, @, (@))", vec![other, value]),
            4 => expression("select(-1, @, (@))", vec![other, value]),
            5 => expression("(true and (@))", vec![value]),
            6 => expression("({ k = @ }).k", vec![value]),
            7 => expression("select(2, pcall(function() return @ end))", vec![value]),
            _ => self.traced(value),
        }
    }

    pub(super) fn literal(&mut self, kind: Type) -> Node {
        match kind {
            Type::Number if self.chance(20) => leaf(format!("({})", self.pick(CORNERS))),
            Type::Number => leaf(self.pick(NUMBERS)),
            Type::Text => leaf(self.pick(TEXTS)),
            Type::Boolean => leaf(self.pick(&["true", "false"])),
            Type::Numbers => leaf(self.pick(&["{}", "{ 1 }", "{ 3, 1, 2 }", "{ 5, 4, 4, 1, 0 }"])),
            Type::Record => leaf(self.pick(&[
                "{ a = 1, b = 2, s = 'x', l = { 1, 2 }, f = function() return 5 end, r = { a = 3 } }",
                "{ a = -1, b = 0.5, s = '', l = {}, f = math.abs }",
                "{ a = 4, s = 'rs', [1] = 9, l = { 7 }, r = { a = 1, b = 1 }, f = tonumber }",
            ])),
            Type::Any => leaf(self.pick(&["nil", "false", "true", "0", "'v'", "{}", "{ 1, 'two' }"])),
            other => self.expression(other, 0),
        }
    }

    /// A variable or a literal.
    fn atom(&mut self, kind: Type) -> Node {
        match self.variable(kind) {
            Some(variable) if self.chance(75) => leaf(variable.name),
            _ => self.literal(kind),
        }
    }

    fn number(&mut self, depth: u32) -> Node {
        if depth == 0 {
            return self.atom(Type::Number);
        }
        let d = depth - 1;
        match self.random.u32(..44) {
            0..=9 => {
                let operator = self.pick(&["+", "-", "*", "/", "%", "^", "+", "-", "*"]);
                let (a, b) = (self.operand(d), self.operand(d));
                match self.chance(50) {
                    true => expression(&format!("(@ {operator} @)"), vec![a, b]),
                    false => expression(&format!("@ {operator} @"), vec![a, b]),
                }
            }
            10 => expression("- @", vec![self.operand(d)]),
            11..=12 => expression("#(@)", vec![self.expression(Type::Text, d)]),
            13 => expression("#(@)", vec![self.expression(Type::Numbers, d)]),
            14..=16 => {
                let numbers = self.expression(Type::Numbers, d);
                let index = self.random.u32(1..3);
                expression(&format!("((@)[{index}] or 0)"), vec![numbers])
            }
            17..=20 => match self.variable(Type::Record) {
                Some(variable) => {
                    let field =
                        self.pick(&["a", "a", "b", "r.a", "l[1]", "s:len()", "f(2)", "nope"]);
                    match (self.protected || field == "a", field) {
                        (true, field) => leaf(format!("{}.{field}", variable.name)),
                        (false, field) => leaf(format!(
                            "select(2, pcall(function() return {}.{field} + 0 end)) and 1",
                            variable.name
                        )),
                    }
                }
                None => self.atom(Type::Number),
            },
            21..=24 => {
                let Some(function) = self.variable(Type::Function) else {
                    return self.atom(Type::Number);
                };
                let count = self.random.usize(0..3);
                let arguments = self.arguments(count, d);
                expression(&format!("{}(@)", function.name), vec![arguments])
            }
            25..=26 => {
                let function = self.pick(&[
                    "band", "bor", "bxor", "lshift", "rshift", "arshift", "rol", "ror",
                ]);
                let (a, b) = (
                    self.expression(Type::Number, d),
                    self.expression(Type::Number, d),
                );
                expression(&format!("bit.{function}(@, @)"), vec![a, b])
            }
            27 => {
                let function = self.pick(&["bnot", "tobit", "bswap"]);
                expression(
                    &format!("bit.{function}(@)"),
                    vec![self.expression(Type::Number, d)],
                )
            }
            28..=29 => {
                let call = self.pick(&[
                    "math.floor(@)",
                    "math.abs(@)",
                    "math.sqrt(@)",
                    // In LuaJIT these are bytecode: their errors have handlers that are called like metamethods.
                    "math.deg(tonumber(@) or 1)",
                    "math.rad(tonumber(@) or 1)",
                ]);
                expression(call, vec![self.expression(Type::Number, d)])
            }
            30 => {
                let function = self.pick(&["max", "min", "fmod", "ldexp"]);
                let (a, b) = (
                    self.expression(Type::Number, d),
                    self.expression(Type::Number, d),
                );
                expression(&format!("math.{function}(@, @)"), vec![a, b])
            }
            31 => expression("(tonumber(@) or -1)", vec![self.expression(Type::Text, d)]),
            32 => {
                let base = self.random.u32(2..37);
                let text = self.expression(Type::Text, d);
                expression(&format!("(tonumber(@, {base}) or -2)"), vec![text])
            }
            33 => {
                let count = self.random.usize(0..4);
                expression("select('#', @)", vec![self.nonempty(count, d)])
            }
            34 => expression("((@):byte(-1) or 0)", vec![self.expression(Type::Text, d)]),
            35 => expression(
                "((@):find('%w') or 0)",
                vec![self.expression(Type::Text, d)],
            ),
            36..=38 => {
                let condition = self.condition(d);
                let (a, b) = (self.number(d), self.number(d));
                expression("(@ and @ or @)", vec![condition, a, b])
            }
            39 => {
                let function = self.function(Type::Number, d);
                let count = self.random.usize(0..3);
                let arguments = self.arguments(count, d);
                expression("(@)(@)", vec![function, arguments])
            }
            40 => match self.variable(Type::Object) {
                Some(object) if self.protected => {
                    let operator = self.pick(&["+", "-", "*", "/", "%", "^", ".."]);
                    let other = self.number(d);
                    match self.chance(50) {
                        true => expression(&format!("({} {operator} @)", object.name), vec![other]),
                        false => {
                            expression(&format!("(@ {operator} {})", object.name), vec![other])
                        }
                    }
                }
                _ => self.atom(Type::Number),
            },
            41 => match self.variable(Type::Record) {
                Some(record) if self.protected => {
                    let value = self.number(d);
                    expression(&format!("{}:f(@)", record.name), vec![value])
                }
                _ => self.atom(Type::Number),
            },
            42 => {
                let value = self.number(d);
                self.traced(value)
            }
            43 if self.vararg => leaf(self.pick(&["(#{ (...) })", "select('#', ...)"])),
            _ => self.atom(Type::Number),
        }
    }

    /// An operand of arithmetic: a number, or a string that is one.
    fn operand(&mut self, depth: u32) -> Node {
        if self.chance(6) {
            return leaf(self.pick(&["'10'", "'0x1F'", "' 3.5 '", "'-7'", "'1e1'", "'.5'"]));
        }
        // A minus before a minus would begin a comment.
        match self.number(depth) {
            node if node.render().starts_with('-') => expression("(@)", vec![node]),
            node => node,
        }
    }

    pub(super) fn text(&mut self, depth: u32) -> Node {
        if depth == 0 {
            return self.atom(Type::Text);
        }
        let d = depth - 1;
        match self.random.u32(..20) {
            0..=5 => {
                let count = match self.chance(5) {
                    true => self.random.usize(5..30),
                    false => self.random.usize(2..5),
                };
                let mut template = "(@".to_owned();
                let mut parts = vec![self.piece(d)];
                for _ in 1..count {
                    template.push_str(" .. @");
                    parts.push(self.piece(d.min(1)));
                }
                expression(&format!("{template})"), parts)
            }
            6..=7 => {
                let (from, to) = (self.random.i32(-3..5), self.random.i32(-3..8));
                let subject = self.text(d);
                expression(&format!("(@):sub({from}, {to})"), vec![subject])
            }
            8 => {
                let function = self.pick(&["upper", "lower", "reverse"]);
                expression(&format!("(@):{function}()"), vec![self.text(d)])
            }
            9 => {
                let count = self.random.i32(-1..4);
                expression(&format!("cut(@):rep({count})"), vec![self.text(d)])
            }
            10..=11 => expression("str(@)", vec![self.expression(Type::Number, d)]),
            12 => {
                let format = self.pick(&[
                    "%d", "%5d", "%-5d|", "%05d", "%+d", "% d", "%x", "%X", "%#x", "%o", "%c",
                    "%e", "%.3e", "%f", "%.0f", "%5.1f", "%g", "%.3g", "%.17g", "%G", "%a", "%s",
                    "%5s", "%i", "%u", "%.20g", "%010.3f",
                ]);
                let value = self.expression(Type::Number, d);
                // Not the address of what is no number, which may be looked at.
                match format.ends_with('s') {
                    true => expression(&format!("string.format('{format}', str(@))"), vec![value]),
                    false => expression(&format!("string.format('{format}', @)"), vec![value]),
                }
            }
            13 => {
                let format = self.pick(&["%s", "%5s", "%-8s|", "%.2s", "%q", "%%%s", "%5.1s"]);
                expression(
                    &format!("string.format('{format}', str(@))"),
                    vec![self.text(d)],
                )
            }
            14..=15 => {
                let (subject, pattern) = (self.text(d), self.pattern_literal());
                let replacement = leaf(self.pick(&[
                    "''",
                    "'<%0>'",
                    "'%1'",
                    "'%%'",
                    "{ a = 'A', ['1'] = true }",
                    "{}",
                    "function(x) return x .. x end",
                    "function() end",
                    "string.upper",
                    "'%2'",
                    "function(a, b) return b end",
                ]));
                let node = vec![subject, pattern, replacement];
                match self.protected {
                    true => expression("((@):gsub(@, @))", node),
                    false => expression("tostring(select(2, pcall(string.gsub, @, @, @)))", node),
                }
            }
            16 => expression(
                "table.concat(@, ',')",
                vec![self.expression(Type::Numbers, d)],
            ),
            17 => {
                let (a, b) = (self.text(d), self.text(d));
                let condition = self.condition(d);
                expression("(@ and @ or @)", vec![condition, a, b])
            }
            18 => expression("type(@)", vec![self.expression(Type::Any, d)]),
            _ => expression("string.char(@ % 256)", vec![self.small_number()]),
        }
    }

    /// An operand of `..`.
    fn piece(&mut self, depth: u32) -> Node {
        match self.random.u32(..10) {
            0..=2 => {
                let number = self.number(depth.min(1));
                expression("(@)", vec![number])
            }
            _ => self.text(depth),
        }
    }

    /// A number that is an integer of little size.
    pub(super) fn small_number(&mut self) -> Node {
        leaf(self.random.i32(-2..7).to_string())
    }

    /// A pattern, sometimes a bad one.
    pub(super) fn pattern_literal(&mut self) -> Node {
        if self.chance(60) {
            return leaf(self.pick(&[
                "'%w+'",
                "'.'",
                "'(%a)(%d?)'",
                "'^%s*(.-)%s*$'",
                "'()'",
                "'%b()'",
                "'[^,]*'",
                "'%f[%w]%w+'",
                "'a*'",
                "'b-$'",
                "'[%a_][%w_]*'",
                "'(.)%1'",
                "'%d+%.?%d*'",
                "''",
                "'(()a?)'",
                "'[]]'",
                "'[a-]'",
                "'%.'",
                "'^l'",
                "'[%z\\1-\\31]'",
                "'o w'",
            ]));
        }
        const ITEMS: &[&str] = &[
            "a", "b", "1", ".", "%a", "%d", "%s", "%w", "%W", "%p", "%l", "%u", "%x", "%c",
            "[abc]", "[^abc]", "[a-z]", "[%d.]", "()", "(", ")", "%1", "%b<>", "%f[%a]", "%%", "[",
            "]", "x", " ", "\\0", "%g",
        ];
        const SUFFIXES: &[&str] = &["", "", "", "*", "+", "-", "?"];
        let mut pattern = String::new();
        if self.chance(10) {
            pattern.push('^');
        }
        for _ in 0..self.random.usize(1..6) {
            pattern.push_str(self.pick(ITEMS));
            pattern.push_str(self.pick(SUFFIXES));
        }
        if self.chance(10) {
            pattern.push('$');
        }
        match self.protected {
            true => leaf(format!("'{pattern}'")),
            // A bad pattern would end the program.
            false => leaf(format!(
                "(pcall(string.find, '', '{pattern}') and '{pattern}' or 'x')"
            )),
        }
    }

    /// An expression for its truth.
    pub(super) fn condition(&mut self, depth: u32) -> Node {
        match self.chance(85) {
            true => self.expression(Type::Boolean, depth),
            false => self.expression(Type::Any, depth),
        }
    }

    fn boolean(&mut self, depth: u32) -> Node {
        if depth == 0 {
            return self.atom(Type::Boolean);
        }
        let d = depth - 1;
        match self.random.u32(..20) {
            0..=6 => {
                let operator = self.pick(&["<", "<=", ">", ">=", "==", "~="]);
                let (a, b) = (self.number(d), self.number(d));
                expression(&format!("(@ {operator} @)"), vec![a, b])
            }
            7..=8 => {
                let operator = self.pick(&["<", "<=", ">", ">=", "==", "~="]);
                let (a, b) = (self.text(d), self.text(d));
                expression(&format!("(@ {operator} @)"), vec![a, b])
            }
            9..=10 => {
                let operator = self.pick(&["==", "~="]);
                let (a, b) = (self.any(d), self.any(d));
                expression(&format!("(@ {operator} @)"), vec![a, b])
            }
            11..=12 => expression("not @", vec![self.paren_condition(d)]),
            13..=16 => {
                let operator = self.pick(&["and", "or"]);
                let (a, b) = (self.boolean(d), self.boolean(d));
                match self.chance(60) {
                    true => expression(&format!("(@ {operator} @)"), vec![a, b]),
                    false => expression(&format!("@ {operator} @"), vec![a, b]),
                }
            }
            17 => match (self.variable(Type::Object), self.variable(Type::Object)) {
                (Some(a), Some(b)) if self.protected => {
                    let operator = self.pick(&["<", "<=", ">", ">=", "==", "~="]);
                    leaf(format!("({} {operator} {})", a.name, b.name))
                }
                _ => self.atom(Type::Boolean),
            },
            18 => {
                let (a, b) = (self.any(d), self.any(d));
                expression("rawequal(@, @)", vec![a, b])
            }
            _ => {
                let value = self.boolean(d);
                self.traced(value)
            }
        }
    }

    fn paren_condition(&mut self, depth: u32) -> Node {
        let condition = self.condition(depth);
        expression("(@)", vec![condition])
    }

    fn numbers(&mut self, depth: u32) -> Node {
        if depth == 0 {
            return self.atom(Type::Numbers);
        }
        let d = depth - 1;
        match self.random.u32(..9) {
            0..=4 => {
                let count = self.random.usize(0..6);
                // A nil among the items would leave the length open.
                let protected = std::mem::replace(&mut self.protected, false);
                // Variables may hold one: parameters without an argument, and what was assigned.
                let items = (0..count)
                    .map(|_| expression("(@) or 0", vec![self.number(d)]))
                    .collect();
                self.protected = protected;
                expression("{ @ }", vec![list(items)])
            }
            5 => match self.variable(Type::Record) {
                Some(record) => leaf(format!("({}.l or {{}})", record.name)),
                None => self.atom(Type::Numbers),
            },
            6 => expression("{ unpack(@) }", vec![self.numbers(d)]),
            7 => expression("{ (@):byte(1, 5) }", vec![self.text(d)]),
            _ => self.atom(Type::Numbers),
        }
    }

    fn record(&mut self, depth: u32) -> Node {
        if depth == 0 {
            return self.atom(Type::Record);
        }
        let mut template = "{ ".to_owned();
        let mut parts = Vec::new();
        for &(field, kind) in FIELDS {
            if field == "a" || self.chance(50) {
                template.push_str(match self.chance(80) {
                    true => field,
                    false => "[@]",
                });
                if template.ends_with("[@]") {
                    parts.push(leaf(format!("'{field}'")));
                }
                template.push_str(" = @, ");
                parts.push(self.expression(kind, depth.min(2) - 1));
            }
        }
        while self.chance(20) {
            template.push_str("@; ");
            parts.push(self.any(depth - 1));
        }
        match self.chance(70) {
            true => expression(&format!("{template}}}"), parts),
            false => self.atom(Type::Record),
        }
    }

    fn object_value(&mut self, depth: u32) -> Node {
        match self.variable(Type::Object) {
            Some(variable) => leaf(variable.name),
            None => {
                let record = self.record(depth);
                expression(
                    "setmetatable(@, { __index = function(_, k) return 1 end })",
                    vec![record],
                )
            }
        }
    }

    pub(super) fn function(&mut self, returns: Type, depth: u32) -> Node {
        let kind = match returns {
            Type::Number => Type::Function,
            _ => Type::Multiple,
        };
        match self.variable(kind) {
            Some(variable) if depth == 0 || self.chance(60) => leaf(variable.name),
            _ if depth == 0 || self.functions >= 3 => leaf(match returns {
                Type::Number => "function(x) return tonumber(x) or 0 end",
                _ => "function(...) return ... end",
            }),
            _ => {
                let (x, y) = (self.fresh("p"), self.fresh("q"));
                let parameters = [(x.as_str(), Type::Any), (y.as_str(), Type::Number)];
                let count = self.random.usize(0..3);
                let body = self.function_body(returns, &parameters[..count]);
                expression("function@", vec![body])
            }
        }
    }

    fn any(&mut self, depth: u32) -> Node {
        if depth > 0 && self.chance(20) {
            let operator = self.pick(&["and", "or"]);
            let (a, b) = (self.any(depth - 1), self.any(depth - 1));
            return expression(&format!("(@ {operator} @)"), vec![a, b]);
        }
        if self.vararg && self.chance(15) {
            return leaf(self.pick(&["(...)", "(select(2, ...))", "{ ... }"]));
        }
        match self.random.u32(..12) {
            0..=3 => self.atom(Type::Any),
            4 => leaf("nil"),
            5 => match self.choose(|_| true) {
                Some(variable) => leaf(variable.name),
                None => leaf("nil"),
            },
            6..=7 => self.number(depth),
            8 => self.text(depth),
            9 => self.boolean(depth),
            10 => self.numbers(depth.min(1)),
            _ => self.record(depth.min(1)),
        }
    }

    /// A list of arguments; the last may be many.
    pub(super) fn arguments(&mut self, count: usize, depth: u32) -> Node {
        let mut values = Vec::new();
        for _ in 0..count {
            let kind = self.any_type();
            let value = self.expression(kind, depth);
            values.push(self.traced(value));
        }
        if self.chance(25) {
            values.push(self.many(depth));
        }
        list(values)
    }

    fn nonempty(&mut self, count: usize, depth: u32) -> Node {
        let mut arguments = self.arguments(count, depth);
        if arguments.parts.is_empty() {
            arguments = list(vec![leaf("nil")]);
        }
        arguments
    }

    /// An expression with any number of values.
    fn many(&mut self, depth: u32) -> Node {
        let depth = depth.saturating_sub(1);
        match self.random.u32(..5) {
            0..=1 if self.vararg => leaf("..."),
            2 => expression("unpack(@)", vec![self.expression(Type::Numbers, depth)]),
            3 => {
                let (subject, pattern) = (self.text(depth), leaf("'(%a)(.?)'"));
                expression("(@):match(@)", vec![subject, pattern])
            }
            _ => {
                let function = self.function(Type::Multiple, depth);
                let count = self.random.usize(0..3);
                let count = count.min(depth as usize);
                let arguments = self.arguments(count, depth);
                expression("(@)(@)", vec![function, arguments])
            }
        }
    }
}
