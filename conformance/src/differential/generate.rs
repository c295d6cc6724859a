//! Writes random programs: what they know of the variables in scope, and their statements.
//!
//! A program is well-formed, ends, and prints nothing that depends on addresses or on hashing. Most of its
//! expressions have the type that their place wants, so that most of it runs; a few do not, so that errors
//! are compared too.

use std::ops::{Deref, DerefMut};

use fastrand::Rng;

use super::tree::{Kind, Node, Part, expression, leaf, list, some, statement};
use crate::scope::{Scope, Variable};

/// What a variable holds, as far as the generator knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Number,
    Text,
    Boolean,
    /// A sequence of numbers.
    Numbers,
    /// A table with the fields of [`FIELDS`].
    Record,
    /// A record with a metatable.
    Object,
    /// A function that returns a number.
    Function,
    /// A function that returns anything, any number of times.
    Multiple,
    Any,
}

/// Fields of records, and what they hold.
pub(super) const FIELDS: &[(&str, Type)] = &[
    ("a", Type::Number),
    ("b", Type::Number),
    ("s", Type::Text),
    ("l", Type::Numbers),
    ("f", Type::Function),
    ("r", Type::Record),
];

/// The state of the writer.
#[derive(Debug)]
pub(super) struct Generator {
    scope: Scope<Type>,
    /// Loops around the place, in this function.
    pub(super) loops: usize,
    /// Functions around the place.
    pub(super) functions: usize,
    /// Whether `...` may be used.
    pub(super) vararg: bool,
    /// Whether `coroutine.yield` makes sense.
    pub(super) coroutine: bool,
    /// Whether an error ends no more than a part of the program.
    pub(super) protected: bool,
}

impl Deref for Generator {
    type Target = Scope<Type>;

    fn deref(&self) -> &Scope<Type> {
        &self.scope
    }
}

impl DerefMut for Generator {
    fn deref_mut(&mut self) -> &mut Scope<Type> {
        &mut self.scope
    }
}

/// Writes the program of a seed, with about so many statements.
pub fn program(seed: u64, size: usize) -> Node {
    let mut generator = Generator {
        scope: Scope::new(Rng::with_seed(seed), size),
        loops: 0,
        functions: 0,
        vararg: false,
        coroutine: false,
        protected: false,
    };
    let mut parts = vec![Node::leaf(
        Kind::Statement,
        include_str!("prelude.lua").trim_end(),
    )];
    for kind in [
        Type::Number,
        Type::Text,
        Type::Numbers,
        Type::Record,
        Type::Any,
    ] {
        // Globals differ from locals in how they are named in messages, and in the code for them.
        let name = generator.fresh("G");
        let value = generator.literal(kind);
        parts.push(statement(&format!("{name} = @"), vec![value]));
        generator.push(&name, kind, true);
    }
    while generator.budget > 0 {
        parts.push(generator.top_statement());
    }
    parts.push(generator.show_state(8));
    Node::of(Kind::Block, parts)
}

impl Generator {
    /// Makes a variable known and returns its name.
    pub(super) fn declare(&mut self, kind: Type) -> String {
        let prefix = match kind {
            Type::Number => "n",
            Type::Text => "s",
            Type::Boolean => "b",
            Type::Numbers => "l",
            Type::Record => "r",
            Type::Object => "o",
            Type::Function => "f",
            Type::Multiple => "m",
            Type::Any => "v",
        };
        // Now and then a name is used again, for another variable.
        let name = match self.variable(kind) {
            // Not a loop's counter: a condition that saw another variable might never end the loop.
            Some(variable)
                if self.chance(10) && variable.assignable && !variable.name.starts_with('G') =>
            {
                variable.name
            }
            _ => self.fresh(prefix),
        };
        self.push(&name, kind, true);
        name
    }

    /// Chooses a variable of a type, the latest ones more often.
    pub(super) fn variable(&mut self, kind: Type) -> Option<Variable<Type>> {
        self.choose(|variable| variable.kind == kind)
    }

    pub(super) fn any_type(&mut self) -> Type {
        match self.random.u32(..12) {
            0..=3 => Type::Number,
            4..=5 => Type::Text,
            6 => Type::Boolean,
            7 => Type::Numbers,
            8 => Type::Record,
            9 => Type::Function,
            10 => Type::Object,
            _ => Type::Any,
        }
    }

    /// Prints some variables.
    pub(super) fn show_state(&mut self, most: usize) -> Node {
        let mut values = Vec::new();
        for _ in 0..self.random.usize(1..=most) {
            if let Some(variable) = self.choose(|_| true) {
                values.push(leaf(variable.name));
            }
        }
        statement("show(@)", vec![list(values)])
    }

    /// Writes a block with its own scope.
    pub(super) fn block(&mut self, most: usize) -> Node {
        let mut parts = Vec::new();
        let scope = self.variables.len();
        for _ in 0..self.random.usize(1..=most) {
            parts.push(self.statement());
        }
        if self.loops > 0 && self.chance(10) {
            parts.push(Node::leaf(Kind::Statement, "break"));
        }
        self.variables.truncate(scope);
        Node::of(Kind::Block, parts)
    }

    /// Writes a function's parameters and body, `@` for the part after the word `function`.
    pub(super) fn function_body(&mut self, returns: Type, parameters: &[(&str, Type)]) -> Node {
        let scope = self.variables.len();
        let state = (self.loops, self.vararg, self.coroutine);
        self.loops = 0;
        self.vararg = self.chance(30);
        self.functions += 1;
        let mut names: Vec<Node> = Vec::new();
        for (name, kind) in parameters {
            self.push(name, *kind, true);
            names.push(leaf(*name));
        }
        if self.vararg {
            names.push(leaf("..."));
        }
        let names = Node::leaf(Kind::Statement, Node::of(Kind::List(0), names).render());
        let mut parts = Vec::new();
        if self.functions < 4 {
            for _ in 0..self.random.usize(0..3) {
                parts.push(self.statement());
            }
        }
        let results = match returns {
            Type::Multiple => {
                let count = self.random.usize(0..4);
                self.arguments(count, 1)
            }
            kind => some(vec![self.expression(kind, 2)]),
        };
        parts.push(statement("return @", vec![results]));
        self.functions -= 1;
        (self.loops, self.vararg, self.coroutine) = state;
        self.variables.truncate(scope);
        statement("(@) step()@end", vec![names, Node::of(Kind::Block, parts)])
    }

    /// A statement of the main chunk; the more dangerous ones are contained.
    fn top_statement(&mut self) -> Node {
        if !self.chance(60) {
            return self.statement();
        }
        let before = std::mem::replace(&mut self.protected, true);
        let body = self.contained(4);
        self.protected = before;
        body
    }

    /// A call by `pcall` or the like of a function with some statements, whose results are shown.
    pub(super) fn contained(&mut self, most: usize) -> Node {
        let scope = self.variables.len();
        let state = (self.loops, self.vararg);
        self.loops = 0;
        self.vararg = self.chance(20);
        self.functions += 1;
        let mut body = self.block(most);
        if self.chance(50) {
            let count = self.random.usize(0..4);
            let results = self.arguments(count, 1);
            body.parts
                .retain(|part| !matches!(part, Part::Node(node) if node.render() == "break"));
            body.parts
                .push(Part::Node(statement("return @", vec![results])));
        }
        let vararg = self.vararg;
        self.functions -= 1;
        (self.loops, self.vararg) = state;
        self.variables.truncate(scope);
        let parameters = if vararg { "..." } else { "" };
        let count = if vararg { self.random.usize(0..4) } else { 0 };
        let function = expression(&format!("function({parameters})@end"), vec![body]);
        match self.random.u32(..6) {
            0 => statement(
                "show(xpcall(@, function(e) return text(e), 2 end@))",
                vec![function, self.more_arguments(count)],
            ),
            1 => statement("show(select('#', pcall(@)))", vec![function]),
            2 => statement(
                "show(coroutine.wrap(function(...) return pcall(...) end)(@))",
                vec![function],
            ),
            _ => statement(
                "show(pcall(@@))",
                vec![function, self.more_arguments(count)],
            ),
        }
    }

    /// Arguments after a first one.
    fn more_arguments(&mut self, count: usize) -> Node {
        let parts = (0..count)
            .flat_map(|_| {
                let kind = self.any_type();
                [
                    Part::Text(", ".to_owned()),
                    Part::Node(self.expression(kind, 1)),
                ]
            })
            .collect();
        Node {
            kind: Kind::Statement,
            parts,
        }
    }

    /// Writes one statement, which may be a whole block of them.
    pub(super) fn statement(&mut self) -> Node {
        self.budget = self.budget.saturating_sub(1);
        let shallow = self.loops >= 2 || self.functions >= 3 || self.budget == 0;
        match self.random.u32(..if shallow { 60 } else { 146 }) {
            0..=13 => self.local(),
            14..=27 => self.assignment(),
            28..=37 => {
                let count = self.random.usize(1..4);
                let values = self.arguments(count, 3);
                statement("show(@)", vec![values])
            }
            38..=41 => self.show_state(4),
            42..=48 => self.enclosed(Self::library_call),
            49..=51 => self.call_statement(),
            52..=55 => self.field_assignment(),
            56 => self.enclosed(Self::error_call),
            57 => self.enclosed(Self::yield_statement),
            58..=59 if self.loops > 0 => {
                let condition = self.condition(2);
                statement("if @ then break end", vec![condition])
            }
            58..=59 => self.early_return(),
            60..=66 => self.branch(),
            67..=69 => self.while_loop(),
            70..=71 => self.repeat_loop(),
            72..=76 => self.numeric_loop(),
            77..=80 => self.generic_loop(),
            81..=82 => self.goto_loop(),
            83 => statement("do@end", vec![self.block(3)]),
            84..=89 => self.local_function(),
            90..=93 => self.contained(3),
            94..=96 => self.enclosed(Self::object),
            97..=101 => self.enclosed(Self::coroutine_scenario),
            102..=104 => self.enclosed(Self::loaded_text),
            105 => self.enclosed(Self::environment_scenario),
            106 => self.enclosed(Self::dump_scenario),
            107..=108 => self.enclosed(Self::debug_scenario),
            109 => self.enclosed(Self::wide_scenario),
            110..=112 => self.enclosed(Self::text_scenario),
            113..=115 => self.enclosed(Self::table_scenario),
            116 => self.global_function(),
            117..=126 => self.enclosed(Self::extension),
            127 => self.enclosed(Self::closure_scenario),
            128..=136 => self.enclosed(Self::odd_scenario),
            _ => self.enclosed(Self::flow_scenario),
        }
    }

    /// Writes what may end up in a function of its own, where the `...` around it cannot be used.
    pub(super) fn enclosed(&mut self, write: impl FnOnce(&mut Self) -> Node) -> Node {
        let vararg = std::mem::replace(&mut self.vararg, false);
        let node = write(self);
        self.vararg = vararg;
        node
    }

    fn local(&mut self) -> Node {
        if self.chance(70) {
            let kind = self.any_type();
            let value = self.value_for(kind, 3);
            let name = self.declare(kind);
            return statement(&format!("local {name} = @"), vec![value]);
        }
        let count = self.random.usize(1..4);
        let values = self.random.usize(0..4);
        let values = self.arguments(values, 2);
        let names: Vec<String> = (0..count).map(|_| self.declare(Type::Any)).collect();
        let names = names.join(", ");
        if values.parts.is_empty() {
            return Node::leaf(Kind::Statement, format!("local {names}"));
        }
        statement(&format!("local {names} = @"), vec![values])
    }

    /// An expression that is fit to be kept: strings do not grow without end.
    pub(super) fn value_for(&mut self, kind: Type, depth: u32) -> Node {
        let value = self.expression(kind, depth);
        match kind {
            Type::Text | Type::Any => expression("cut(@)", vec![value]),
            _ => value,
        }
    }

    fn assignment(&mut self) -> Node {
        if self.chance(65)
            && let Some(variable) = self.choose(|it| it.assignable && it.kind != Type::Function)
        {
            let value = self.value_for(variable.kind, 3);
            return statement(&format!("{} = @", variable.name), vec![value]);
        }
        let count = self.random.usize(1..4);
        let mut targets = Vec::new();
        for _ in 0..count {
            targets.push(self.target());
        }
        let count = self.random.usize(1..4);
        let values = (0..count)
            .map(|_| {
                let kind = if self.chance(70) {
                    Type::Number
                } else {
                    Type::Any
                };
                let value = self.value_for(kind, 1);
                self.traced(value)
            })
            .collect();
        statement("@ = @", vec![some(targets), some(values)])
    }

    /// Says when an expression is evaluated, sometimes.
    pub(super) fn traced(&mut self, value: Node) -> Node {
        if !self.chance(30) {
            return value;
        }
        let place = self.random.u32(..100);
        expression(&format!("at({place}, @)"), vec![value])
    }

    fn target(&mut self) -> Node {
        match self.random.u32(..10) {
            0..=3 => {
                if let Some(variable) = self.choose(|it| it.assignable && it.kind == Type::Any) {
                    return leaf(variable.name);
                }
            }
            4..=6 => {
                // Not a sequence: a nil in it would leave its length open.
                if let Some(variable) = self.variable(Type::Record) {
                    let key = leaf(self.pick(&["'a'", "'x'", "2", "0.5", "true", "-1"]));
                    let key = self.traced(key);
                    return Node::new(Kind::Statement, &format!("{}[@]", variable.name), vec![key]);
                }
            }
            7..=8 => {
                if let Some(variable) = self.variable(Type::Record) {
                    let field = self.pick(&["a", "b", "x", "y"]);
                    return leaf(format!("{}.{field}", variable.name));
                }
            }
            _ => {}
        }
        match self.choose(|it| it.assignable && it.kind == Type::Number) {
            Some(variable) => leaf(variable.name),
            None => leaf("G"),
        }
    }

    fn field_assignment(&mut self) -> Node {
        if self.chance(50)
            && let Some(variable) = self.variable(Type::Numbers)
        {
            let value = self.expression(Type::Number, 2);
            let template = match self.random.u32(..3) {
                0 => format!("{0}[#{0} + 1] = @", variable.name),
                1 => format!("{0}[#{0}] = @", variable.name),
                _ => format!("{0}[1] = (@) or 0", variable.name),
            };
            return statement(&template, vec![value]);
        }
        let kind = if self.chance(30) {
            Type::Object
        } else {
            Type::Record
        };
        let Some(variable) = self.variable(kind) else {
            return self.assignment();
        };
        let (field, kind) = FIELDS[self.random.usize(..5)];
        let value = self.value_for(kind, 2);
        statement(&format!("{}.{field} = @", variable.name), vec![value])
    }

    fn call_statement(&mut self) -> Node {
        let count = self.random.usize(0..4);
        let arguments = self.arguments(count, 2);
        let function = self.choose(|it| matches!(it.kind, Type::Function | Type::Multiple));
        match function {
            Some(variable) if self.chance(50) => {
                statement(&format!("{}(@)", variable.name), vec![arguments])
            }
            Some(variable) => statement(&format!("show({}(@))", variable.name), vec![arguments]),
            None => statement("show(@)", vec![arguments]),
        }
    }

    fn early_return(&mut self) -> Node {
        if self.functions == 0 {
            return self.show_state(3);
        }
        let condition = self.condition(2);
        let count = self.random.usize(0..3);
        let results = self.arguments(count, 1);
        statement("if @ then return @ end", vec![condition, results])
    }

    fn branch(&mut self) -> Node {
        let condition = self.condition(3);
        let mut template = "if @ then@".to_owned();
        let mut children = vec![condition, self.block(3)];
        while self.chance(25) {
            template.push_str("elseif @ then@");
            children.push(self.condition(2));
            children.push(self.block(2));
        }
        if self.chance(50) {
            template.push_str("else@");
            children.push(self.block(2));
        }
        statement(&format!("{template}end"), children)
    }

    /// Writes a block that is in a loop.
    fn loop_body(&mut self) -> Node {
        self.loops += 1;
        let body = self.block(3);
        self.loops -= 1;
        body
    }

    fn while_loop(&mut self) -> Node {
        let counter = self.fresh("i");
        self.push(&counter, Type::Number, false);
        let limit = self.random.u32(1..5);
        let condition = self.condition(2);
        let body = self.loop_body();
        self.variables.pop();
        statement(
            &format!(
                "do local {counter} = 0 while {counter} < {limit} and (@) do {counter} = {counter} + 1@end end"
            ),
            vec![condition, body],
        )
    }

    fn repeat_loop(&mut self) -> Node {
        let counter = self.fresh("i");
        self.push(&counter, Type::Number, false);
        let limit = self.random.u32(1..5);
        let scope = self.variables.len();
        self.loops += 1;
        let mut parts = Vec::new();
        for _ in 0..self.random.usize(1..4) {
            parts.push(self.statement());
        }
        // The body's locals, and closures over them, are seen by the condition.
        if self.chance(60) {
            let value = self.expression(Type::Number, 1);
            let name = self.declare(Type::Number);
            parts.push(statement(&format!("local {name} = @"), vec![value]));
            if self.chance(60) {
                let function = self.declare(Type::Function);
                parts.push(Node::leaf(
                    Kind::Statement,
                    format!("local function {function}() {name} = {name} + 1 return {name} end"),
                ));
                if let Some(keeper) = self.variable(Type::Any).filter(|it| it.assignable) {
                    parts.push(Node::leaf(
                        Kind::Statement,
                        format!("{} = {function}", keeper.name),
                    ));
                }
            }
        }
        self.loops -= 1;
        let condition = self.condition(2);
        self.variables.truncate(scope);
        self.variables.pop();
        statement(
            &format!(
                "do local {counter} = 0 repeat {counter} = {counter} + 1@until {counter} >= {limit} or (@) end"
            ),
            vec![Node::of(Kind::Block, parts), condition],
        )
    }

    fn numeric_loop(&mut self) -> Node {
        const RANGES: &[&str] = &[
            "1, 3",
            "3, 1, -1",
            "1, 0",
            "0, 1, 0.25",
            "1, 2, 0.1 + 0.2",
            "-1, 1",
            "10, 1, -4",
            "1, 5, 2",
            "1.5, 4",
            "3, 1, -0.75",
            "2^53 - 2, 2^53 - 1",
            "-2^53, -2^53 + 1",
            "'1', 2",
            "1, '2'",
            "1, 2, '1'",
            "0/0, 1",
            "1, 0/0",
            "2147483646, 2147483648",
            "-2147483648, -2147483647",
            "1, 3, 2^31",
            "0, 0",
            "-0, 0",
            "5, 1, -2^31",
            "1, nil",
            "{}, 1",
            "1, 2, {}",
            "1e15, 1e15 + 1, 0.5",
            "1, 2, 1e-1 * 4",
        ];
        let counter = self.fresh("i");
        let range = if self.chance(60) {
            leaf(self.pick(&RANGES[..12]))
        } else if self.chance(50) {
            let bound = self.expression(Type::Number, 1);
            expression("1, math.min(@, 4)", vec![bound])
        } else if self.protected {
            leaf(self.pick(RANGES))
        } else {
            leaf("1, 2")
        };
        self.push(&counter, Type::Number, true);
        let body = self.loop_body();
        self.variables.pop();
        statement(&format!("for {counter} = @ do@end"), vec![range, body])
    }

    fn generic_loop(&mut self) -> Node {
        let (k, v) = (self.fresh("k"), self.fresh("v"));
        let vararg = std::mem::replace(&mut self.vararg, false);
        let (iterator, kinds) = match self.random.u32(..9) {
            0..=1 => {
                let numbers = self.expression(Type::Numbers, 1);
                (
                    expression("ipairs(@)", vec![numbers]),
                    (Type::Number, Type::Number),
                )
            }
            2 => {
                let record = self.expression(Type::Record, 1);
                (
                    expression("ipairs(keys(@))", vec![record]),
                    (Type::Number, Type::Any),
                )
            }
            3 => {
                let numbers = self.expression(Type::Numbers, 1);
                (
                    expression("pairs({ (@)[1] })", vec![numbers]),
                    (Type::Number, Type::Any),
                )
            }
            4 => {
                let subject = self.expression(Type::Text, 1);
                let pattern = self.pattern_literal();
                (
                    expression("string.gmatch((@):sub(1, 6), @)", vec![subject, pattern]),
                    (Type::Any, Type::Any),
                )
            }
            5 => {
                let limit = self.random.u32(0..4);
                let value = self.expression(Type::Number, 1);
                (
                    expression(
                        &format!(
                            "function(s, c) if c < s then return c + 1, @ end end, {limit}, 0"
                        ),
                        vec![value],
                    ),
                    (Type::Number, Type::Number),
                )
            }
            6 => {
                let value = self.expression(Type::Any, 1);
                let wrapped =
                    "coroutine.wrap(function(...) coroutine.yield(1, @) coroutine.yield(2) end)";
                (expression(wrapped, vec![value]), (Type::Number, Type::Any))
            }
            7 => {
                let value = self.expression(Type::Number, 1);
                let callable = "setmetatable({}, { __call = function(self, s, c) \
                                if (c or 0) < 2 then return (c or 0) + 1, @ end end })";
                (
                    expression(callable, vec![value]),
                    (Type::Number, Type::Number),
                )
            }
            _ => {
                let table = self.expression(Type::Any, 1);
                (
                    expression("next, { (@) }", vec![table]),
                    (Type::Any, Type::Any),
                )
            }
        };
        self.vararg = vararg;
        self.push(&k, kinds.0, true);
        self.push(&v, kinds.1, true);
        let body = self.loop_body();
        self.variables.pop();
        self.variables.pop();
        // The body may make the list longer that the loop goes through.
        let head = format!("for {k}, {v} in @ do step()@end");
        statement(&head, vec![iterator, body])
    }

    /// Loops by `goto`: as `continue`, backwards, and out of nested loops.
    fn goto_loop(&mut self) -> Node {
        let (counter, label) = (self.fresh("i"), self.fresh("L"));
        self.push(&counter, Type::Number, false);
        let condition = self.condition(2);
        let body = self.loop_body();
        let node = match self.random.u32(..3) {
            0 => statement(
                &format!(
                    "for {counter} = 1, 3 do do if @ then goto {label} end do@end end ::{label}:: end"
                ),
                vec![condition, body],
            ),
            1 => statement(
                &format!(
                    "do local {counter} = 0 ::{label}:: {counter} = {counter} + 1 while true do@break end \
                     if {counter} < 3 and (@) then goto {label} end end"
                ),
                vec![without_break(body), condition],
            ),
            _ => statement(
                &format!(
                    "do for {counter} = 1, 3 do for _ = 1, 2 do if @ then goto {label} end do@end end end ::{label}:: end"
                ),
                vec![condition, body],
            ),
        };
        self.variables.pop();
        node
    }

    fn local_function(&mut self) -> Node {
        let kind = if self.chance(60) {
            Type::Function
        } else {
            Type::Multiple
        };
        let parameters = [("x", Type::Number), ("y", Type::Number), ("z", Type::Any)];
        let parameters = &parameters[..self.random.usize(0..4)];
        let returns = match kind {
            Type::Function => Type::Number,
            _ => Type::Multiple,
        };
        if self.chance(20) {
            // Recursion that ends: the first parameter counts down.
            let body = self.function_body(returns, &[("y", Type::Number)]);
            let name = self.declare(kind);
            let calls = ["x + NAME(x - 1)", "NAME(x - 1)", "(NAME(x - 1))"];
            let call = self.pick(&calls).replace("NAME", &name);
            return statement(
                &format!(
                    "local function {name}(x, ...) step() if type(x) ~= 'number' or not (x > 0 and x < 20) \
                     then return (function@)(x, ...) end return {call} end"
                ),
                vec![body],
            );
        }
        let body = self.function_body(returns, parameters);
        let name = self.declare(kind);
        match self.random.u32(..2) {
            0 => statement(&format!("local function {name}@"), vec![body]),
            _ => statement(&format!("local {name} = function@"), vec![body]),
        }
    }

    fn global_function(&mut self) -> Node {
        let body = self.function_body(Type::Number, &[("x", Type::Any)]);
        if self.chance(50)
            && let Some(record) = self.variable(Type::Record)
        {
            let colon = if self.chance(50) { ":" } else { "." };
            return statement(&format!("function {}{colon}f@", record.name), vec![body]);
        }
        let name = self.fresh("F");
        let node = statement(&format!("function {name}@"), vec![body]);
        if self.functions == 0 && self.loops == 0 {
            self.push(&name, Type::Function, false);
        }
        node
    }
}

/// Leaves out a `break` at the end of a block, where another follows.
fn without_break(mut block: Node) -> Node {
    let is_break = |part: &Part| matches!(part, Part::Node(node) if node.parts == [Part::Text("break".into())]);
    block.parts.retain(|part| !is_break(part));
    block
}
