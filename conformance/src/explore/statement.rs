//! Statements of generated programs. Whatever can be a safe point ends its statement and has a tick behind it.

use super::generate::{COROUTINE, FIELDS, Feature, GLOBALS, Kind, Side, Writer, entry};
use super::program::{HERE, KEYS, LIMIT, TICK};
use crate::differential::Node;
use crate::differential::tree::{expression as ex, leaf, list, statement as st};
use crate::scope::Variable;

/// Writes a statement of one sort.
type Sort = fn(&mut Writer) -> Node;

/// The sorts of statements, by weight; each program has only some of them.
const SORTS: &[(u32, Sort)] = &[
    (12, Writer::assign),
    (6, Writer::declare_local),
    (10, Writer::set_field),
    (8, Writer::get_field),
    (5, Writer::append),
    (4, Writer::pop),
    (3, Writer::delete),
    (5, Writer::object_key),
    (10, Writer::call),
    (5, Writer::protected_call),
    (2, Writer::raise),
    (6, Writer::branch),
    (6, Writer::count_loop),
    (3, Writer::while_loop),
    (9, Writer::log),
    (8, Writer::on_main),
    (5, Writer::register_statement),
    (6, Writer::fire),
    (6, Writer::assign_function),
    (4, Writer::with_metatable),
    (2, Writer::late_metatable),
    (4, Writer::coroutine),
    (6, Writer::yield_values),
    (2, Writer::collect),
    (4, Writer::varargs),
    (4, Writer::spin),
    (4, Writer::narrow),
    (3, Writer::scope),
    (2, Writer::upper),
    (2, Writer::wait),
    (8, Writer::assign_global),
    (8, Writer::resume_value),
    (5, Writer::compare),
    (6, Writer::round_trip),
    (5, Writer::assign_nothing),
    (5, Writer::nils),
];

impl Writer {
    pub(super) fn statement(&mut self) -> Node {
        self.budget = self.budget.saturating_sub(1);
        let total: u32 = SORTS.iter().map(|(weight, _)| weight).sum();
        loop {
            let mut place = self.random.u32(..total);
            let mut number = 0;
            while place >= SORTS[number].0 {
                place -= SORTS[number].0;
                number += 1;
            }
            if self.sorts >> number & 1 == 1 || self.chance(3) {
                return SORTS[number].1(self);
            }
        }
    }

    fn assignable(&mut self, kind: Kind) -> Option<Variable<Kind>> {
        self.choose(|variable| variable.kind == kind && variable.assignable)
    }

    /// A variable that holds a table.
    pub(super) fn table_variable(&mut self) -> Node {
        match self.variable(Kind::Table) {
            Some(variable) => leaf(variable.name),
            None => leaf("t0"),
        }
    }

    fn assign(&mut self) -> Node {
        let kind = self.any_kind();
        let Some(Variable { name, .. }) = self.assignable(kind) else {
            return self.log();
        };
        if kind == Kind::Text {
            let value = self.text(2);
            return st(
                &format!("{name} = @ if #{name} > 40 then {name} = 'cut' end"),
                vec![value],
            );
        }
        let value = self.expression(kind, 2);
        st(&format!("{name} = @"), vec![value])
    }

    fn assign_function(&mut self) -> Node {
        let Some(Variable { name, .. }) = self.assignable(Kind::Function) else {
            let value = self.function();
            let name = self.declare(Kind::Function);
            return st(&format!("local {name} = @"), vec![value]);
        };
        let value = self.function();
        st(&format!("{name} = @"), vec![value])
    }

    fn declare_local(&mut self) -> Node {
        let kind = self.any_kind();
        let value = self.expression(kind, 2);
        let name = self.declare(kind);
        st(&format!("local {name} = @"), vec![value])
    }

    fn set_field(&mut self) -> Node {
        let (key, kind) = self.pick(&FIELDS);
        let table = self.table_variable();
        let value = self.expression(kind, 1);
        let cut = match kind {
            Kind::Text => "local s = @ if #s > 40 then s = 'cut' end @.",
            _ => "@.",
        };
        match kind {
            Kind::Text => st(&format!("do {cut}{key} = s {TICK} end"), vec![value, table]),
            _ => st(&format!("{cut}{key} = @ {TICK}"), vec![table, value]),
        }
    }

    fn get_field(&mut self) -> Node {
        let (key, kind) = self.pick(&FIELDS);
        let table = self.table_variable();
        let key = match kind {
            Kind::Number if self.chance(50) => format!("[{}]", self.random.u32(1..4)),
            _ => format!(".{key}"),
        };
        let name = self.declare(kind);
        let default = match kind {
            Kind::Number => format!(" {name} = {name} or 0"),
            Kind::Text => format!(" {name} = {name} or ''"),
            Kind::Table => format!(" {name} = {name} or {{}}"),
            Kind::Function => format!(" {name} = {name} or f0"),
            Kind::Any => String::new(),
        };
        st(
            &format!("local {name} = @{key} {TICK}{default}"),
            vec![table],
        )
    }

    fn append(&mut self) -> Node {
        let Some(Variable { name, .. }) = self.variable(Kind::Table) else {
            return self.log();
        };
        let value = self.number(1);
        // A handler could put the value elsewhere and leave a hole, behind which `#` may say anything.
        match self.chance(50) {
            true => st(
                &format!("rawset({name}, #{name} + 1, @) {TICK}"),
                vec![value],
            ),
            false => st(
                &format!("if not getmetatable({name}) then {name}[#{name} + 1] = @ end {TICK}"),
                vec![value],
            ),
        }
    }

    fn pop(&mut self) -> Node {
        let Some(Variable { name, .. }) = self.variable(Kind::Table) else {
            return self.log();
        };
        st(&format!("{name}[#{name}] = nil {TICK}"), vec![])
    }

    fn delete(&mut self) -> Node {
        let (key, _) = self.pick(&FIELDS);
        let table = self.table_variable();
        st(&format!("@.{key} = nil {TICK}"), vec![table])
    }

    /// Entries whose keys are objects.
    fn object_key(&mut self) -> Node {
        let table = self.table_variable();
        let kind = self.pick(&[Kind::Table, Kind::Function]);
        let key = match self.variable(kind) {
            Some(variable) => leaf(variable.name),
            None => leaf("f0"),
        };
        match self.chance(50) {
            true => {
                let value = self.any(1);
                st(&format!("@[@] = @ {TICK}"), vec![table, key, value])
            }
            false => {
                let name = self.declare(Kind::Any);
                st(&format!("local {name} = @[@] {TICK}"), vec![table, key])
            }
        }
    }

    /// A variable that holds something that can be called.
    fn callee(&mut self) -> Node {
        match self.variable(Kind::Function) {
            Some(variable) => leaf(variable.name),
            None => leaf("f0"),
        }
    }

    /// A list of arguments for what [`Kind::Function`] describes.
    fn arguments(&mut self) -> Node {
        let mut arguments = vec![self.number(1)];
        // At least two: in piccolo a parameter that is given nothing may hold a value of an earlier call.
        for _ in 0..self.random.u32(1..4) {
            arguments.push(self.any(1));
        }
        list(arguments)
    }

    fn call(&mut self) -> Node {
        let (callee, arguments) = (self.callee(), self.arguments());
        if self.chance(25) {
            return st(&format!("@(@) {TICK}"), vec![callee, arguments]);
        }
        let (first, second) = (self.declare(Kind::Number), self.declare(Kind::Any));
        st(
            &format!("local {first}, {second} = @(@) {TICK} {first} = {first} or 0"),
            vec![callee, arguments],
        )
    }

    fn protected_call(&mut self) -> Node {
        let (callee, is_literal) = match self.chance(40) {
            true => (self.callee(), false),
            false => {
                let start = entry("0");
                let template = format!("function(...) {start} @ return @ end");
                let (side, coroutine) = (self.side, self.coroutine);
                // It runs here and now, so it may do what can be done here.
                (self.function_on(side, coroutine, &[], &template, 3), true)
            }
        };
        if is_literal && self.chance(15) {
            // An error of the VM itself, whose words differ: a field of nil.
            let template = format!("function(...) {TICK} @ local absent absent.x = 1 return @ end");
            let (side, coroutine) = (self.side, self.coroutine);
            let function = self.function_on(side, coroutine, &[], &template, 2);
            let ok = self.declare(Kind::Any);
            return st(&format!("local {ok} = pcall(@) {TICK}"), vec![function]);
        }
        let arguments = self.arguments();
        let (ok, value) = (self.declare(Kind::Any), self.declare(Kind::Any));
        st(
            &format!("local {ok}, {value} = pcall(@, @) {TICK}"),
            vec![callee, arguments],
        )
    }

    fn raise(&mut self) -> Node {
        let condition = self.condition(1);
        let value = self.any(1);
        st("if @ then error(@, 0) end", vec![condition, value])
    }

    fn branch(&mut self) -> Node {
        let condition = self.condition(2);
        let then = self.block(3);
        match self.chance(40) {
            true => {
                let other = self.block(2);
                st("if @ then@else@end", vec![condition, then, other])
            }
            false => st("if @ then@end", vec![condition, then]),
        }
    }

    /// Writes the block of a loop.
    fn loop_block(&mut self, counter: Option<&str>) -> Node {
        let scope = self.variables.len();
        if let Some(counter) = counter {
            self.push(counter, Kind::Number, false);
        }
        self.loops += 1;
        let block = self.block(3);
        self.loops -= 1;
        self.variables.truncate(scope);
        block
    }

    fn count_loop(&mut self) -> Node {
        if self.loops > 1 {
            return self.log();
        }
        let last = self.random.u32(1..5);
        let counter = self.fresh("i");
        let block = self.loop_block(Some(&counter));
        st(
            &format!(
                "for {counter} = 1, {last} do {TICK} if n > {LIMIT} then break end @end {TICK}"
            ),
            vec![block],
        )
    }

    fn while_loop(&mut self) -> Node {
        if self.loops > 1 {
            return self.log();
        }
        let rounds = self.random.u32(2..7);
        let counter = self.fresh("w");
        let condition = self.condition(1);
        let block = self.loop_block(Some(&counter));
        st(
            &format!(
                "do local {counter} = 0 while true do {TICK} {counter} = {counter} + 1 \
                 if n > {LIMIT} or {counter} > {rounds} or not (@) then break end @end {TICK} end"
            ),
            vec![condition, block],
        )
    }

    pub(super) fn log(&mut self) -> Node {
        let value = self.any(1);
        self.log_value(value)
    }

    /// Writes a value into the log of this side.
    pub(super) fn log_value(&mut self, value: Node) -> Node {
        match (self.side, self.has(Feature::SharedLog)) {
            (_, true) => st("count = count + 1 log[count] = @", vec![value]),
            (Side::Thread, false) => st("mine = mine + 1 own[mine] = @", vec![value]),
            (Side::Main, false) => st("vim.x_note(@)", vec![value]),
            // Nobody knows which log it would be.
            (Side::Either, false) => st("do local unused = @ end", vec![value]),
        }
    }

    /// Runs a function on main and waits for it.
    fn on_main(&mut self) -> Node {
        if self.side != Side::Thread {
            return self.call();
        }
        let (p, q) = (self.fresh("p"), self.fresh("q"));
        let start = entry("0");
        let template = format!("function({p}, {q}, ...) {start} {p} = {p} or 1 @ return @ end");
        let parameters = [(&*p, Kind::Number), (&*q, Kind::Any)];
        let function = self.function_on(Side::Main, false, &parameters, &template, 4);
        let arguments = self.arguments();
        let (first, second) = (self.declare(Kind::Any), self.declare(Kind::Any));
        let call = match self.chance(50) {
            true => "vim.run_on_main_thread(",
            false => "pcall(vim.run_on_main_thread, ",
        };
        st(
            &format!("local {first}, {second} = {call}@, @) {TICK}"),
            vec![function, arguments],
        )
    }

    fn register_statement(&mut self) -> Node {
        match self.side {
            Side::Thread => self.register(),
            _ => self.assign_function(),
        }
    }

    /// Hands a callback to main. That itself takes a tick on main, so that it is known which callback of
    /// a name was there when one of that name was fired.
    pub(super) fn register(&mut self) -> Node {
        let key = self.pick(&KEYS);
        self.keys.push(key);
        let (p, q) = (self.fresh("p"), self.fresh("q"));
        let start = entry("0");
        let template = format!("function({p}, {q}, ...) vim.x_landed(n) {start} @ return @ end");
        let parameters = [(&*p, Kind::Number), (&*q, Kind::Any)];
        let callback = self.function_on(Side::Main, false, &parameters, &template, 5);
        match self.chance(50) {
            true => st(
                &format!(
                    "do local callback = @ vim.run_on_main_thread(function() {TICK} \
                     vim.x_register('{key}', callback) end) {TICK} end"
                ),
                vec![callback],
            ),
            false => st(
                &format!(
                    "vim.run_on_main_thread(function(callback) {TICK} \
                     vim.x_register('{key}', callback) end, @) {TICK}"
                ),
                vec![callback],
            ),
        }
    }

    /// Has main call a callback from within another.
    fn fire(&mut self) -> Node {
        if self.side != Side::Main {
            return self.call();
        }
        let key = self.key();
        let (number, value) = (self.number(1), self.any(1));
        let (first, second) = (self.declare(Kind::Any), self.declare(Kind::Any));
        st(
            &format!("local {first}, {second} = vim.x_fire('{key}', @, @) {TICK}"),
            vec![number, value],
        )
    }

    /// Makes a table with a metatable.
    fn with_metatable(&mut self) -> Node {
        let object = self.constructor(1);
        let (name, kind, metatable) = match self.random.u32(..6) {
            0 => {
                let (p, q) = (self.fresh("p"), self.fresh("q"));
                let start = entry("0");
                let template = format!(
                    "{{ __call = function(self, {p}, {q}, ...) {start} {p} = {p} or 1 @ return @ end }}"
                );
                let parameters = [("self", Kind::Table), (&*p, Kind::Number), (&*q, Kind::Any)];
                let metatable = self.function_on(Side::Either, false, &parameters, &template, 2);
                (self.fresh("v"), Kind::Function, metatable)
            }
            // What a new object falls back on existed before it, so no chain of these has an end in itself.
            1 => {
                let other = self.table_variable();
                (
                    self.fresh("v"),
                    Kind::Table,
                    ex("{ __index = @ }", vec![other]),
                )
            }
            2 => {
                let other = self.table_variable();
                (
                    self.fresh("v"),
                    Kind::Table,
                    ex("{ __newindex = @ }", vec![other]),
                )
            }
            _ => (self.fresh("v"), Kind::Table, self.handler()),
        };
        let statement = st(
            &format!("local {name} = setmetatable(@, @) {TICK}"),
            vec![object, metatable],
        );
        self.push(&name, kind, true);
        statement
    }

    /// A metatable with a function that answers for absent fields.
    fn handler(&mut self) -> Node {
        if self.chance(50) {
            let start = entry("nil");
            let template = format!(
                "{{ __index = function(self, k, ...) {start} @ local r = @ \
                 if k == 'a' or k == 'b' then return r end return nil end }}"
            );
            let parameters = [("self", Kind::Table), ("k", Kind::Any)];
            self.function_on(Side::Either, false, &parameters, &template, 2)
        } else {
            let start = entry("nil");
            let template = format!(
                "{{ __newindex = function(self, k, v, ...) {start} @ \
                 if k == 'a' or k == 's' or k == 't' or k == 'x' then rawset(self, k, v) end return @ end }}"
            );
            let parameters = [("self", Kind::Table), ("k", Kind::Any), ("v", Kind::Any)];
            self.function_on(Side::Either, false, &parameters, &template, 2)
        }
    }

    /// Changes the metatable of a table that may be shared already.
    fn late_metatable(&mut self) -> Node {
        let table = self.table_variable();
        let metatable = match self.chance(30) {
            true => leaf("nil"),
            false => self.handler(),
        };
        st(
            &format!("setmetatable(@, @) {TICK}"),
            vec![table, metatable],
        )
    }

    /// Runs a coroutine for some rounds.
    fn coroutine(&mut self) -> Node {
        if self.coroutine || self.loops > 1 {
            return self.call();
        }
        let (p, q) = (self.fresh("p"), self.fresh("q"));
        let start = entry("0");
        let template = format!("function({p}, {q}, ...) {start} {p} = {p} or 1 @ return @ end");
        let parameters = [(&*p, Kind::Number), (&*q, Kind::Any)];
        let side = self.side;
        let function = self.function_on(side, true, &parameters, &template, 5);
        let scope = self.variables.len();
        let counter = self.fresh("i");
        self.push(&counter, Kind::Number, false);
        let argument = self.any(1);
        let (ok, value) = (self.declare(Kind::Any), self.declare(Kind::Any));
        let then = self.block(2);
        self.variables.truncate(scope);
        let rounds = self.random.u32(1..5);
        st(
            &format!(
                "do local co = coroutine.create(@) for {counter} = 1, {rounds} do {TICK} \
                 local alive = coroutine.status(co) if alive == 'dead' then break end \
                 local {ok}, {value} = coroutine.resume(co, {counter}, @) {TICK} @end {TICK} end"
            ),
            vec![function, argument, then],
        )
    }

    fn yield_values(&mut self) -> Node {
        if !self.coroutine {
            return self.get_field();
        }
        let arguments = self.arguments();
        let (first, second) = (self.declare(Kind::Any), self.declare(Kind::Any));
        st(
            &format!("local {first}, {second} = coroutine.yield(@) {TICK}"),
            vec![arguments],
        )
    }

    fn collect(&mut self) -> Node {
        st(&format!("collectgarbage() {TICK}"), vec![])
    }

    fn varargs(&mut self) -> Node {
        let name = self.declare(Kind::Any);
        match self.random.u32(..3) {
            0 => st(&format!("local {name} = select('#', ...) {TICK}"), vec![]),
            1 => st(&format!("local {name} = ... "), vec![]),
            _ => {
                let (callee, number) = (self.callee(), self.number(1));
                st(
                    &format!("local {name} = @(@, (...), ...) {TICK}"),
                    vec![callee, number],
                )
            }
        }
    }

    /// Takes some time in which nothing happens.
    fn spin(&mut self) -> Node {
        let rounds = self.random.u32(1..40);
        st(&format!("for _ = 1, {rounds} * SPIN do end {TICK}"), vec![])
    }

    /// Looks at the type of a value.
    fn narrow(&mut self) -> Node {
        let Some(Variable { name, .. }) = self.variable(Kind::Any) else {
            return self.declare_local();
        };
        let (text, kind) = self.pick(&[
            ("table", Kind::Table),
            ("number", Kind::Number),
            ("string", Kind::Text),
            ("function", Kind::Function),
        ]);
        let scope = self.variables.len();
        let narrow = self.fresh("v");
        self.push(&narrow, kind, true);
        let block = self.block(3);
        self.variables.truncate(scope);
        st(
            &format!(
                "do local {narrow} = {name} local kind = type({narrow}) {TICK} \
                 if kind == '{text}' then@end end"
            ),
            vec![block],
        )
    }

    fn assign_global(&mut self) -> Node {
        if !self.has(Feature::Globals) || self.side == Side::Either {
            return self.assign();
        }
        let value = self.any(1);
        let name = self.pick(&GLOBALS);
        st(&format!("{name} = @"), vec![value])
    }

    /// Resumes a value if it is a coroutine, whose ever it is.
    fn resume_value(&mut self) -> Node {
        if !self.has(Feature::Coroutines) {
            return self.narrow();
        }
        let name = match self.variable(Kind::Any) {
            Some(variable) if self.chance(60) => variable.name,
            _ => COROUTINE.to_owned(),
        };
        let (number, argument) = (self.number(1), self.any(1));
        // What it has written is seen at once.
        let log = self.log();
        // Two variables: nothing says which value one would get that is assigned twice.
        let (value, more) = (self.declare(Kind::Any), self.fresh("v"));
        self.push(&more, Kind::Any, true);
        st(
            &format!(
                "local {value}, {more} do local co, ok = {name} local kind = type(co) {TICK} \
                 if kind == 'thread' then {HERE} ok, {value}, {more} = coroutine.resume(co, @, @) TICK \
                 if not ok then {value}, {more} = 'failed', nil end end end @"
            ),
            vec![number, argument, log],
        )
    }

    fn scope(&mut self) -> Node {
        let block = self.block(4);
        st("do@end", vec![block])
    }

    fn upper(&mut self) -> Node {
        let value = self.text(1);
        let name = self.declare(Kind::Text);
        st(
            &format!("local {name} = string.upper(@) {TICK}"),
            vec![value],
        )
    }

    /// Waits without a reason.
    fn wait(&mut self) -> Node {
        match self.side {
            Side::Thread => st(&format!("vim.uv.sleep(0) {TICK}"), vec![]),
            _ => self.spin(),
        }
    }
}
