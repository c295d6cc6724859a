//! Expressions of generated programs, by the type that their place wants. None contains a safe point.

use super::generate::{Feature, GLOBALS, Kind, Side, Writer, entry};
use crate::differential::Node;
use crate::differential::tree::{expression as ex, leaf, list};

impl Writer {
    /// Writes an expression of a type, at most so deep.
    pub(super) fn expression(&mut self, kind: Kind, depth: u32) -> Node {
        match kind {
            Kind::Number => self.number(depth),
            Kind::Text => self.text(depth),
            Kind::Table => self.table(depth),
            Kind::Function => self.function_value(),
            Kind::Any => self.any(depth),
        }
    }

    /// A variable of a type, or another expression where there is none.
    fn variable_or(&mut self, kind: Kind, other: impl FnOnce(&mut Self) -> Node) -> Node {
        match self.variable(kind) {
            Some(variable) => leaf(variable.name),
            None => other(self),
        }
    }

    /// An integer. Products have positive factors: there must be no -0, which an integer cannot be.
    pub(super) fn number(&mut self, depth: u32) -> Node {
        let literal = |it: &mut Self| leaf(it.random.i32(-3..10).to_string());
        if depth == 0 || self.chance(30) {
            return match self.chance(70) {
                true => self.variable_or(Kind::Number, literal),
                false => literal(self),
            };
        }
        let d = depth - 1;
        match self.random.u32(..12) {
            0..=2 => {
                let step = self.random.u32(1..9);
                ex(&format!("(@ + {step})"), vec![self.number(d)])
            }
            3..=5 => {
                let factor = self.random.u32(2..30);
                ex(
                    &format!("((@ * {factor} + @) % 997)"),
                    vec![self.number(d), self.number(d)],
                )
            }
            6 => ex("((@ - @) % 997)", vec![self.number(d), self.number(d)]),
            7 => ex("#(@)", vec![self.text(d)]),
            8 => ex(
                "(@ and @ or @)",
                vec![self.condition(d), self.number(d), self.number(d)],
            ),
            9 => leaf("n"),
            _ => self.variable_or(Kind::Number, literal),
        }
    }

    /// A short string.
    pub(super) fn text(&mut self, depth: u32) -> Node {
        let literal = |it: &mut Self| leaf(it.pick(&["''", "'x'", "'yz'", "'\\0'", "'k\\255'"]));
        if depth == 0 || self.chance(30) {
            return match self.chance(60) {
                true => self.variable_or(Kind::Text, literal),
                false => literal(self),
            };
        }
        let d = depth - 1;
        match self.random.u32(..6) {
            0..=2 => ex("(@ .. @)", vec![self.text(d), self.text(d)]),
            3 => ex("(@ .. @)", vec![self.text(d), self.number(0)]),
            4 => ex(
                "(@ and @ or @)",
                vec![self.condition(d), self.text(d), self.text(d)],
            ),
            _ => self.variable_or(Kind::Text, literal),
        }
    }

    fn table(&mut self, depth: u32) -> Node {
        match self.chance(70) {
            true => self.variable_or(Kind::Table, |it| it.constructor(depth.min(1))),
            false => self.constructor(depth.min(1)),
        }
    }

    /// A new table whose fields have the types that their names say.
    pub(super) fn constructor(&mut self, depth: u32) -> Node {
        let mut fields = Vec::new();
        for _ in 0..self.random.u32(..3) {
            fields.push(self.number(0));
        }
        for (key, kind) in super::generate::FIELDS {
            if self.chance(if depth > 0 { 25 } else { 10 }) {
                let value = self.expression(kind, depth.saturating_sub(1));
                fields.push(ex(&format!("{key} = @"), vec![value]));
            }
        }
        ex("{ @ }", vec![list(fields)])
    }

    fn function_value(&mut self) -> Node {
        match self.chance(60) || self.functions > 2 {
            // A function that both sides have crosses by its name.
            true if self.chance(8) => leaf("math.abs"),
            true => self.variable_or(Kind::Function, |_| leaf("f0")),
            false => self.function(),
        }
    }

    /// Anything.
    pub(super) fn any(&mut self, depth: u32) -> Node {
        match self.random.u32(..16) {
            0 => leaf("nil"),
            1 => leaf("false"),
            2 => leaf("true"),
            3..=4 => self.number(depth),
            5..=6 => self.text(depth),
            7..=9 => self.table(depth),
            10..=11 if depth > 0 => self.function_value(),
            // Functions of main itself have main's globals.
            12 if self.has(Feature::Globals) && self.side != Side::Either => {
                leaf(self.pick(&GLOBALS))
            }
            13 if self.has(Feature::Coroutines) && self.functions < 4 => self.new_coroutine(),
            _ => self.variable_or(Kind::Any, |it| it.number(0)),
        }
    }

    /// A coroutine that both sides may come to resume.
    pub(super) fn new_coroutine(&mut self) -> Node {
        let (p, q) = (self.fresh("p"), self.fresh("q"));
        let start = entry("0");
        let template = format!(
            "coroutine.create(function({p}, {q}, ...) {start} {p} = {p} or 1 @ return @ end)"
        );
        let parameters = [(&*p, Kind::Number), (&*q, Kind::Any)];
        self.function_on(Side::Either, true, &parameters, &template, 4)
    }

    /// A value that is the same wherever it is written, for callbacks' arguments and keys.
    pub(super) fn plain(&mut self) -> &'static str {
        self.pick(&["nil", "false", "true", "4", "-7", "'p'", "''"])
    }

    pub(super) fn condition(&mut self, depth: u32) -> Node {
        let d = depth.saturating_sub(1);
        match self.random.u32(..10) {
            0..=2 => {
                let operator = self.pick(&["<", "<=", ">", "==", "~="]);
                ex(
                    &format!("(@ {operator} @)"),
                    vec![self.number(d), self.number(d)],
                )
            }
            3 => {
                let rest = self.random.u32(2..4);
                ex(&format!("(@ % {rest} == 0)"), vec![self.number(d)])
            }
            4 => {
                let operator = self.pick(&["<", "==", ">="]);
                ex(
                    &format!("(@ {operator} @)"),
                    vec![self.text(d), self.text(d)],
                )
            }
            5 => ex("(@ == @)", vec![self.table(0), self.table(0)]),
            6 => ex("(@ == @)", vec![self.any(0), self.any(0)]),
            7 => ex("(not @)", vec![self.any(0)]),
            8 => ex("(@ ~= nil)", vec![self.any(0)]),
            _ => self.variable_or(Kind::Any, |_| leaf("true")),
        }
    }
}
