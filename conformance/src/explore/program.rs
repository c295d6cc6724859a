//! A program that is explored: its tree, the callbacks that main is to fire, and its text for each kind of host.

use crate::differential::Node;

/// Stands in the text of a program behind each safe point: one more step of the program's own clock.
pub(super) const TICK: &str = "TICK";

/// Stands before a resumption. If that is of a coroutine of the other side it is a host call, and whether a
/// callback lands before it or within it makes a difference that the clock does not show.
pub(super) const HERE: &str = "HERE";

/// Stands in the text for a factor of how long an empty loop runs.
const SPIN: &str = "SPIN";

/// The clock's reading behind which functions return and loops end at once: programs end.
pub(super) const LIMIT: u32 = 150;

/// The names under which a thread hands callbacks to main.
pub(super) const KEYS: [&str; 3] = ["a", "b", "c"];

/// One call of a callback by main.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fire {
    /// The callback's name.
    pub key: String,
    /// Its first argument.
    pub number: i64,
    /// Its second argument: a literal.
    pub value: String,
}

/// A program and what main does while its thread runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The chunk, with its ticks not yet spelled out.
    pub tree: Node,
    /// In this order, at moments that a schedule decides.
    pub fires: Vec<Fire>,
}

/// How the parts of a text that depend on the host are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// For a host with a bridge; empty loops run so many times as long.
    Bridge { spin: u32 },
    /// For one VM in which callbacks are called where the schedule has them.
    Oracle,
    /// As it is kept in files.
    Source,
}

impl Program {
    /// Returns the text of the chunk.
    #[must_use]
    pub fn render(&self, spelling: Spelling) -> String {
        spell(&self.tree.render(), spelling)
    }

    /// Returns the calls as a Lua table: `{ { key, number, value }, … }`.
    #[must_use]
    pub fn render_fires(&self) -> String {
        let mut text = String::from("{");
        for fire in &self.fires {
            let Fire { key, number, value } = fire;
            text.push_str(&format!(" {{ \"{key}\", {number}, {value} }},"));
        }
        text.push_str(" }");
        text
    }
}

/// Spells out what a source leaves open.
pub(super) fn spell(source: &str, spelling: Spelling) -> String {
    match spelling {
        Spelling::Bridge { spin } => source
            .replace(TICK, "n = n + 1")
            .replace(HERE, "")
            .replace(SPIN, &spin.to_string()),
        // One clock's reading may be due for several callbacks, since each of them lets it go on.
        Spelling::Oracle => source
            .replace(TICK, "while DUE == n do FIRE() end n = n + 1")
            .replace(HERE, "while DUE == n + 0.5 do FIRE() end")
            .replace(SPIN, "0"),
        Spelling::Source => source.to_owned(),
    }
}
