//! Statements about what a crossing must not lose: the identity of objects that come back, nil and false, and the
//! places and the number of the values in a list.

use super::generate::{Kind, Side, Writer, entry};
use super::program::TICK;
use crate::differential::Node;
use crate::differential::tree::{expression as ex, leaf, list, statement as st};

impl Writer {
    /// An object that has an identity: the expression for it, used again and again, has no safe point.
    fn object(&mut self) -> (Kind, Node) {
        let kind = self.pick(&[Kind::Table, Kind::Table, Kind::Function]);
        let other = if kind == Kind::Table { "t0" } else { "f0" };
        let found = self.variable(kind);
        (kind, leaf(found.map_or(other.to_owned(), |it| it.name)))
    }

    /// Writes down what a value is, where somebody sees it.
    fn observe(&mut self, value: Node) -> Node {
        match self.side {
            Side::Either => {
                let name = self.declare(Kind::Any);
                st(&format!("local {name} = @"), vec![value])
            }
            _ => self.log_value(value),
        }
    }

    /// Compares two objects that are perhaps the same.
    pub(super) fn compare(&mut self) -> Node {
        let (kind, first) = self.object();
        let second = match (self.random.u32(..4), self.variable(kind)) {
            (0, Some(variable)) => leaf(variable.name),
            (1, _) => self.any(0),
            (way, _) => {
                let table = self.table_variable();
                let key = match kind {
                    _ if way == 2 => "x",
                    Kind::Table => "t",
                    _ => "f",
                };
                let name = self.fresh("b");
                let value = ex(&format!("(@ == {name})"), vec![first]);
                let result = self.declare(Kind::Any);
                return st(
                    &format!(
                        "local {result} do local {name} = rawget(@, '{key}') {TICK} {result} = @ end"
                    ),
                    vec![table, value],
                );
            }
        };
        let value = ex("(@ == @)", vec![first, second]);
        self.observe(value)
    }

    /// Has an object come back from main, by one of several ways, and looks whether it is the same.
    pub(super) fn round_trip(&mut self) -> Node {
        if self.side != Side::Thread {
            return self.compare();
        }
        if self.chance(15) {
            return self.cross_number();
        }
        let (_, object) = match self.chance(40) {
            // One that main has never seen.
            true => {
                let (value, name) = (self.constructor(1), self.fresh("v"));
                let crossed = self.cross(leaf(name.clone()));
                let block = st(&format!("do local {name} = @ @ end"), vec![value, crossed]);
                return block;
            }
            false => self.object(),
        };
        self.cross(object)
    }

    /// Sends an object to main and compares what comes back with it.
    fn cross(&mut self, object: Node) -> Node {
        let (back, start) = (self.fresh("b"), entry("0"));
        let same = ex(&format!("({back} == @)"), vec![object.clone()]);
        match self.random.u32(..5) {
            0 => {
                let seen = self.log_value(same);
                st(
                    &format!(
                        "do local unused, {back} = vim.run_on_main_thread(function(p, q, ...) {start} \
                         return p, q end, 1, @) {TICK} @ end"
                    ),
                    vec![object, seen],
                )
            }
            1 => {
                let seen = self.log_value(same);
                st(
                    &format!(
                        "do local {back} = 0 vim.run_on_main_thread(function() {start} {back} = @ \
                         return 0 end) {TICK} @ end"
                    ),
                    vec![object, seen],
                )
            }
            2 => {
                let value = leaf(format!("{back}[{back}[2] or 0] or 'lost'"));
                let seen = self.log_value(value);
                st(
                    &format!(
                        "do local {back} = {{ 'none' }} {back}[@] = 'found' \
                         vim.run_on_main_thread(function() {start} {back}[2] = @ return 0 end) {TICK} @ end"
                    ),
                    vec![object.clone(), object, seen],
                )
            }
            3 => {
                let table = self.table_variable();
                let seen = self.log_value(same);
                st(
                    &format!(
                        "do vim.run_on_main_thread(function() {start} rawset(@, 'x', @) return 0 end) {TICK} \
                         local {back} = rawget(@, 'x') {TICK} @ end"
                    ),
                    vec![table.clone(), object, table, seen],
                )
            }
            _ => {
                // A key that only the thread has.
                let value = leaf(format!("{back} ~= nil and own{back}[{back}] or 'lost'"));
                let seen = self.log_value(value);
                st(
                    &format!(
                        "do local own{back} = {{}} own{back}[@] = 'found' \
                         local unused, {back} = vim.run_on_main_thread(function(p, q, ...) {start} \
                         return p, q end, 1, @) {TICK} @ end"
                    ),
                    vec![object.clone(), object, seen],
                )
            }
        }
    }

    /// Sends a number to main and back that not every encoding keeps. Nothing calculates with what comes back: in
    /// the oracle it is no integer.
    fn cross_number(&mut self) -> Node {
        let (number, check) = self.pick(&[
            ("-0.0", "1 / _ < 0"),
            ("-0.0", "1 / _ < 0"),
            ("0 / 0", "_ ~= _"),
            ("-1 / 0", "_ == -1 / 0"),
            ("0.1", "_ == 0.1"),
            ("2 ^ 53", "_ == 2 ^ 53"),
        ]);
        let (back, start) = (self.fresh("b"), entry("0"));
        let check = check.replace('_', &back);
        let seen = self.log_value(leaf(format!("({back} and {check})")));
        let call = match self.chance(50) {
            true => "return p, q",
            false => "p = q return 1, p",
        };
        st(
            &format!(
                "do local unused, {back} = vim.run_on_main_thread(function(p, q, ...) {start} \
                 {call} end, 1, {number}) {TICK} @ end"
            ),
            vec![seen],
        )
    }

    /// Writes nil or false to a variable or a field that may be shared.
    pub(super) fn assign_nothing(&mut self) -> Node {
        let nothing = self.pick(&["nil", "nil", "false"]);
        if self.chance(30) {
            let table = self.table_variable();
            return st(&format!("rawset(@, 'x', {nothing}) {TICK}"), vec![table]);
        }
        match self.choose(|it| it.kind == Kind::Any && it.assignable) {
            Some(variable) => st(&format!("{} = {nothing}", variable.name), vec![]),
            None => {
                let name = self.declare(Kind::Any);
                st(&format!("local {name} = {nothing}"), vec![])
            }
        }
    }

    /// A list of values, of which about half are nil or false; the first is a number.
    fn scattered(&mut self) -> Node {
        let mut values = vec![self.number(0)];
        for _ in 0..self.random.usize(2..6) {
            values.push(match self.random.u32(..6) {
                0..=2 => leaf("nil"),
                3 => leaf("false"),
                _ => self.any(0),
            });
        }
        list(values)
    }

    /// Runs a function on main with nils among its arguments and its results.
    pub(super) fn nils(&mut self) -> Node {
        if self.side != Side::Thread {
            let values = self.scattered();
            let name = self.declare(Kind::Any);
            return st(
                &format!("local {name} = select('#', @) {TICK}"),
                vec![values],
            );
        }
        let start = entry("0");
        let template = format!(
            "function(p, q, ...) {start} vim.x_note(p, q, select('#', ...), ...) @ return @ end"
        );
        let parameters = [("p", Kind::Number), ("q", Kind::Any)];
        let function = self.function_on(Side::Main, false, &parameters, &template, 2);
        let arguments = self.scattered();
        let results = self.fresh("r");
        let values = match self.chance(50) {
            true => format!("{{ vim.run_on_main_thread(@, @) }} {TICK}"),
            false => format!("select('#', vim.run_on_main_thread(@, @)) {TICK}"),
        };
        let seen = self.log_value(leaf(results.clone()));
        st(
            &format!("do local {results} = {values} @ end"),
            vec![function, arguments, seen],
        )
    }
}
