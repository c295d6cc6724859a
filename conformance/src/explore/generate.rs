//! Writes random programs of closures over shared variables: what the writer knows, functions, the whole chunk.
//!
//! A program ends, whatever its callbacks do and wherever they land, and it means the same in LuaJIT, in our VM
//! and in piccolo. Each safe point stands at the end of a statement and has a tick behind it, so what the clock
//! `n` reads in a callback names the place where the callback has landed.

use std::ops::{Deref, DerefMut};

use fastrand::Rng;

use super::program::{Fire, KEYS, LIMIT, Program, TICK};
use crate::differential::tree::{expression as ex, leaf, list, statement as st};
use crate::differential::{Kind as Part, Node};
use crate::scope::{Scope, Variable};

/// What a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An integer.
    Number,
    /// A string of at most some dozen bytes.
    Text,
    /// A table with [`FIELDS`] and numbers from 1 on; each of them may be absent.
    Table,
    /// Takes a number and anything more, returns a number and anything more.
    Function,
    /// Anything.
    Any,
}

/// Fields of tables, and what they hold if they are there.
pub(super) const FIELDS: [(&str, Kind); 6] = [
    ("a", Kind::Number),
    ("b", Kind::Number),
    ("s", Kind::Text),
    ("t", Kind::Table),
    ("f", Kind::Function),
    ("x", Kind::Any),
];

/// Global variables, which hold anything.
pub(super) const GLOBALS: [&str; 2] = ["G1", "G2"];

/// The variable of a coroutine that main has made, in programs with such.
pub(super) const COROUTINE: &str = "co0";

/// What only some programs have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    /// All sides write into one log, which is shared, or each into its own.
    SharedLog,
    /// Variables of the thread that are global.
    Globals,
    /// Coroutines that are values and may be resumed wherever they get to.
    Coroutines,
    /// A second thread, when the first has ended.
    SecondThread,
}

/// Where a piece of code can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Thread,
    Main,
    /// It is a value that both sides may come to call.
    Either,
}

/// The state of the writer.
#[derive(Debug)]
pub(super) struct Writer {
    scope: Scope<Kind>,
    pub(super) side: Side,
    /// Functions around the place.
    pub(super) functions: usize,
    pub(super) loops: usize,
    /// Whether the place is directly in the function of a coroutine.
    pub(super) coroutine: bool,
    features: u32,
    /// The names of callbacks that are registered somewhere.
    pub(super) keys: Vec<&'static str>,
    /// Sorts of statements that this program has: few sorts at a time make for odder programs.
    pub(super) sorts: u64,
}

impl Deref for Writer {
    type Target = Scope<Kind>;

    fn deref(&self) -> &Scope<Kind> {
        &self.scope
    }
}

impl DerefMut for Writer {
    fn deref_mut(&mut self) -> &mut Scope<Kind> {
        &mut self.scope
    }
}

/// What each function begins with.
pub(super) fn entry(result: &str) -> String {
    format!("{TICK} if n > {LIMIT} then return {result} end")
}

/// Writes the program of a seed, with about so many statements.
#[must_use]
pub fn program(seed: u64, size: usize) -> Program {
    let mut random = Rng::with_seed(seed);
    let sorts = random.u64(..) | random.u64(..);
    let mut features = u32::from(random.bool());
    for feature in [Feature::Globals, Feature::Coroutines, Feature::SecondThread] {
        features |= u32::from(random.u32(..4) == 0) << feature as u32;
    }
    if features >> Feature::Globals as u32 & 1 == 1 {
        // Threads have globals of their own.
        features &= !(1 << Feature::SecondThread as u32);
    }
    let mut writer = Writer {
        scope: Scope::new(random, size),
        side: Side::Either,
        functions: 0,
        loops: 0,
        coroutine: false,
        features,
        keys: Vec::new(),
        sorts,
    };
    let tree = writer.chunk();
    let count = writer.random.usize(1..5);
    let fires = (0..count)
        .map(|_| Fire {
            key: writer.key().to_owned(),
            number: writer.random.i64(-2..9),
            value: writer.plain().to_owned(),
        })
        .collect();
    Program { tree, fires }
}

impl Writer {
    pub(super) fn has(&self, feature: Feature) -> bool {
        self.features >> feature as u32 & 1 == 1
    }

    /// Makes a variable known and returns its name, which now and then another variable has too.
    pub(super) fn declare(&mut self, kind: Kind) -> String {
        let name = match self.variable(kind) {
            Some(variable) if variable.assignable && self.chance(8) => variable.name,
            _ => self.fresh("v"),
        };
        self.push(&name, kind, true);
        name
    }

    /// Chooses a variable of a type, the latest ones more often.
    pub(super) fn variable(&mut self, kind: Kind) -> Option<Variable<Kind>> {
        self.choose(|variable| variable.kind == kind)
    }

    /// Chooses a variable, the latest ones more often.
    pub(super) fn choose(
        &mut self,
        wanted: impl Fn(&Variable<Kind>) -> bool,
    ) -> Option<Variable<Kind>> {
        let chosen = self.scope.choose(wanted)?;
        // What is hidden by another variable of its name cannot be used, and is of another type perhaps.
        let visible = self.visible(&chosen.name)?;
        Some(visible.clone()).filter(|it| it.kind == chosen.kind)
    }

    /// Chooses the name of a callback; most often there is one of that name.
    pub(super) fn key(&mut self) -> &'static str {
        match self.keys.is_empty() || self.chance(10) {
            true => self.pick(&KEYS),
            false => self.scope.pick(&self.keys),
        }
    }

    pub(super) fn any_kind(&mut self) -> Kind {
        self.pick(&[
            Kind::Number,
            Kind::Number,
            Kind::Text,
            Kind::Table,
            Kind::Table,
            Kind::Function,
            Kind::Any,
        ])
    }

    /// A list of so many values, of which the first is a number.
    pub(super) fn results(&mut self, depth: u32) -> Node {
        let mut values = vec![self.number(depth)];
        for _ in 0..self.random.usize(..4) {
            // Many more than elsewhere, since a list must keep its length.
            values.push(match self.chance(25) {
                true => leaf("nil"),
                false => self.any(depth),
            });
        }
        list(values)
    }

    /// Writes a block with its own scope.
    pub(super) fn block(&mut self, most: usize) -> Node {
        let scope = self.variables.len();
        let mut parts = Vec::new();
        for _ in 0..self.random.usize(1..=most) {
            parts.push(self.statement());
        }
        self.variables.truncate(scope);
        Node::of(Part::Block, parts)
    }

    /// Writes a function that runs on a side: `template` has holes for its block and for its results.
    pub(super) fn function_on(
        &mut self,
        side: Side,
        is_coroutine: bool,
        parameters: &[(&str, Kind)],
        template: &str,
        most: usize,
    ) -> Node {
        let scope = self.variables.len();
        let state = (self.side, self.loops, self.coroutine);
        self.side = side;
        self.loops = 0;
        self.coroutine = is_coroutine;
        self.functions += 1;
        for (name, kind) in parameters {
            // A handler still needs its key at its end.
            self.push(name, *kind, !matches!(*name, "self" | "k"));
        }
        let mut parts = Vec::new();
        if self.functions < 5 {
            for _ in 0..self.random.usize(..=most) {
                parts.push(self.statement());
            }
        }
        let results = self.results(1);
        self.variables.truncate(scope);
        self.functions -= 1;
        (self.side, self.loops, self.coroutine) = state;
        ex(template, vec![Node::of(Part::Block, parts), results])
    }

    /// A function as a value. A caller may leave out what it likes.
    pub(super) fn function(&mut self) -> Node {
        let (p, q) = (self.fresh("p"), self.fresh("q"));
        let start = entry("0");
        let template = format!("function({p}, {q}, ...) {start} {p} = {p} or 1 @ return @ end");
        let parameters = [(&*p, Kind::Number), (&*q, Kind::Any)];
        self.function_on(Side::Either, false, &parameters, &template, 3)
    }

    /// The whole program.
    fn chunk(&mut self) -> Node {
        let fixed = |text: &str| Node::leaf(Part::Statement, text);
        let mut parts = vec![
            fixed("local H = ..."),
            fixed("local n, log, count, t0 = 0, {}, 0, { 7 }"),
            fixed(&format!(
                "local function f0(p, q) {} return p or 1, q end",
                entry("0")
            )),
        ];
        self.push("f0", Kind::Function, false);
        self.push("t0", Kind::Table, false);
        let mut shared = vec![leaf("t0")];
        for _ in 0..self.random.usize(3..8) {
            let kind = self.any_kind();
            let value = match kind {
                Kind::Function => self.function(),
                kind => self.expression(kind, 2),
            };
            // Its own function does not see it: recursion comes by assignment. Now and then a variable has the
            // name of another one, which the functions before it see.
            let name = match self.choose(|it| it.assignable) {
                Some(variable) if self.chance(12) => variable.name,
                _ => self.fresh("c"),
            };
            parts.push(st(&format!("local {name} = @"), vec![value]));
            self.push(&name, kind, true);
            shared.push(leaf(name));
        }
        if self.has(Feature::Coroutines) {
            // One of main's own, whose code is no callback.
            let value = self.new_coroutine();
            parts.push(st(&format!("local {COROUTINE} = @"), vec![value]));
            self.push(COROUTINE, Kind::Any, false);
        }
        if self.has(Feature::SecondThread) {
            let rest = self.budget / 2;
            self.budget -= rest;
            let arguments = list(vec![self.number(1), self.any(1), self.any(1)]);
            let body = self.body();
            parts.push(st("H.first(@, @)", vec![body, arguments]));
            self.budget = rest;
        }
        let arguments = list(vec![self.number(1), self.any(1), self.any(1)]);
        let body = self.body();
        parts.push(st("local body = @", vec![body]));
        parts.push(st(
            "return H.run(body, function() return log, count, n, @ end, @)",
            vec![list(shared), arguments],
        ));
        Node::of(Part::Block, parts)
    }

    /// The thread's function.
    fn body(&mut self) -> Node {
        let (p, q) = (self.fresh("p"), self.fresh("q"));
        let scope = self.variables.len();
        self.side = Side::Thread;
        self.push(&p, Kind::Number, true);
        self.push(&q, Kind::Any, true);
        let mut block = Vec::new();
        for _ in 0..self.random.usize(..3) {
            // Variables of the thread, which its callbacks carry to main.
            let kind = self.any_kind();
            let value = self.expression(kind, 1);
            let name = self.declare(kind);
            block.push(st(&format!("local {name} = @"), vec![value]));
        }
        block.push(self.register());
        while self.budget > 0 {
            block.push(self.statement());
        }
        let (log, mut results) = match self.has(Feature::SharedLog) {
            true => ("", Vec::new()),
            false => ("local own, mine = {}, 0 ", vec![leaf("own"), leaf("mine")]),
        };
        for _ in 0..self.random.usize(1..4) {
            results.push(self.any(1));
        }
        self.variables.truncate(scope);
        ex(
            &format!("function({p}, {q}, ...) {log}{TICK} @ return @ end"),
            vec![Node::of(Part::Block, block), list(results)],
        )
    }
}
