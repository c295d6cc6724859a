//! What the writers of random programs know while they write: the variables in scope, names not used yet, chance.

use fastrand::Rng;

/// A variable in scope; `K` says what it holds.
#[derive(Debug, Clone)]
pub(crate) struct Variable<K> {
    pub(crate) name: String,
    pub(crate) kind: K,
    /// May be assigned: the counters of loops may not, or loops would not end.
    pub(crate) assignable: bool,
}

/// The state of a writer that all kinds of programs need.
#[derive(Debug)]
pub(crate) struct Scope<K> {
    pub(crate) random: Rng,
    /// Variables in scope; later ones hide earlier ones of the same name.
    pub(crate) variables: Vec<Variable<K>>,
    names: usize,
    /// Statements that may still be written.
    pub(crate) budget: usize,
}

impl<K: Copy + PartialEq> Scope<K> {
    /// Begins a program of about `budget` statements.
    pub(crate) fn new(random: Rng, budget: usize) -> Scope<K> {
        Scope {
            random,
            variables: Vec::new(),
            names: 0,
            budget,
        }
    }

    /// Returns true in so many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.random.u32(..100) < percent
    }

    /// Returns one of the options, which must not be none.
    pub(crate) fn pick<T: Copy>(&mut self, options: &[T]) -> T {
        options[self.random.usize(..options.len())]
    }

    /// Returns a name that no variable has had.
    pub(crate) fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Makes a variable known.
    pub(crate) fn push(&mut self, name: &str, kind: K, assignable: bool) {
        self.variables.push(Variable {
            name: name.to_owned(),
            kind,
            assignable,
        });
    }

    /// Chooses a variable, the latest ones more often.
    pub(crate) fn choose(&mut self, wanted: impl Fn(&Variable<K>) -> bool) -> Option<Variable<K>> {
        let count = self.variables.iter().filter(|it| wanted(it)).count();
        if count == 0 {
            return None;
        }
        let skip = self.random.usize(..count).min(self.random.usize(..count));
        let mut found = self.variables.iter().rev().filter(|it| wanted(it));
        found.nth(skip).cloned()
    }

    /// Returns the variable that a name means at this place.
    pub(crate) fn visible(&self, name: &str) -> Option<&Variable<K>> {
        self.variables.iter().rev().find(|it| it.name == name)
    }
}
