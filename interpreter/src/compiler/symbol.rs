//! Interned names and strings of one compilation.
//!
//! Every identifier and string literal becomes a small number, so that the parser compares names by
//! value. Reserved words come first, which makes the keyword test a comparison.

use std::rc::Rc;

use super::index::Index;

/// An interned byte string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Symbol(pub(super) u32);

/// Symbols that exist from the start, after the reserved words.
pub(super) mod known {
    use super::{RESERVED, Symbol};

    const BASE: u32 = RESERVED.len() as u32;

    pub(in super::super) const GOTO: Symbol = Symbol(9);
    pub(in super::super) const SELF: Symbol = Symbol(BASE);
    pub(in super::super) const PAIRS: Symbol = Symbol(BASE + 1);
    pub(in super::super) const NEXT: Symbol = Symbol(BASE + 2);
    pub(in super::super) const FOR_INDEX: Symbol = Symbol(BASE + 3);
    pub(in super::super) const FOR_LIMIT: Symbol = Symbol(BASE + 4);
    pub(in super::super) const FOR_STEP: Symbol = Symbol(BASE + 5);
    pub(in super::super) const FOR_GENERATOR: Symbol = Symbol(BASE + 6);
    pub(in super::super) const FOR_STATE: Symbol = Symbol(BASE + 7);
    pub(in super::super) const FOR_CONTROL: Symbol = Symbol(BASE + 8);
    /// The label that `break` jumps to; no identifier can equal a reserved word.
    pub(in super::super) const BREAK: Symbol = Symbol(1);
}

/// Reserved words, in the order of their tokens.
pub(super) const RESERVED: [&str; 22] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
    "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
];

const KNOWN_NAMES: [&str; 9] = [
    "self",
    "pairs",
    "next",
    "(for index)",
    "(for limit)",
    "(for step)",
    "(for generator)",
    "(for state)",
    "(for control)",
];

/// Mixes a word into a hash, without random state: compilation must not depend on the process.
#[inline]
pub(super) fn mix(hash: u64, word: u64) -> u64 {
    let mixed = (hash.rotate_left(29) ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let product = u128::from(mixed) * 0xf39c_c060_5ced_c835;
    product as u64 ^ (product >> 64) as u64
}

#[inline]
fn hash_bytes(bytes: &[u8]) -> u32 {
    let mut hash = bytes.len() as u64;
    let mut rest = bytes;
    while let Some((chunk, following)) = rest.split_first_chunk::<8>() {
        hash = mix(hash, u64::from_le_bytes(*chunk));
        rest = following;
    }
    let tail = if let (Some(first), Some(last)) = (rest.first_chunk::<4>(), rest.last_chunk::<4>())
    {
        u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
    } else {
        rest.iter()
            .fold(0, |tail, &byte| tail << 8 | u64::from(byte))
    };
    mix(hash, tail) as u32
}

/// Where the text of a symbol lies.
#[derive(Debug)]
struct Span {
    start: usize,
    length: usize,
    /// The text as templates hold it, once one of them does.
    shared: Option<Rc<[u8]>>,
}

/// The interned strings.
#[derive(Debug)]
pub(super) struct Symbols {
    index: Index<Span>,
    /// The texts one after the other.
    text: Vec<u8>,
}

/// Number of symbols that exist from the start.
const INITIAL: usize = RESERVED.len() + KNOWN_NAMES.len();

impl Symbols {
    pub(super) fn new() -> Symbols {
        let mut symbols = Symbols {
            index: Index::new(),
            text: Vec::new(),
        };
        for text in RESERVED.iter().chain(&KNOWN_NAMES) {
            symbols.intern(text.as_bytes());
        }
        symbols
    }

    /// Forgets all but the symbols that exist from the start.
    pub(super) fn reset(&mut self) {
        if let Some(end) = (self.index.len() > INITIAL).then(|| self.index.get(INITIAL).start) {
            self.text.truncate(end);
            self.index.truncate(INITIAL);
        }
        for position in 0..INITIAL {
            self.index.get_mut(position).shared = None;
        }
    }

    /// Returns the larger one of the numbers of symbols and of bytes that there is room for.
    pub(super) fn capacity(&self) -> usize {
        self.index.capacity().max(self.text.capacity())
    }

    #[inline]
    pub(super) fn intern(&mut self, text: &[u8]) -> Symbol {
        let hash = hash_bytes(text);
        let all = self.text.as_slice();
        let found = self.index.find(hash, |span| {
            span.length == text.len() && &all[span.start..span.start + span.length] == text
        });
        match found {
            Some(position) => Symbol(position as u32),
            None => self.add(hash, text),
        }
    }

    fn add(&mut self, hash: u32, text: &[u8]) -> Symbol {
        let span = Span {
            start: self.text.len(),
            length: text.len(),
            shared: None,
        };
        self.text.extend_from_slice(text);
        Symbol(self.index.push(hash, span) as u32)
    }

    pub(super) fn text(&self, symbol: Symbol) -> &[u8] {
        let span = self.index.get(symbol.0 as usize);
        &self.text[span.start..span.start + span.length]
    }

    /// Returns the text for a template; all that ask share it.
    pub(super) fn shared(&mut self, symbol: Symbol) -> Rc<[u8]> {
        let span = self.index.get_mut(symbol.0 as usize);
        let shared = span
            .shared
            .get_or_insert_with(|| Rc::from(&self.text[span.start..span.start + span.length]));
        Rc::clone(shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_symbols_have_their_names() {
        let symbols = Symbols::new();
        assert_eq!(symbols.text(known::GOTO), b"goto");
        assert_eq!(symbols.text(known::BREAK), b"break");
        assert_eq!(symbols.text(known::SELF), b"self");
        assert_eq!(symbols.text(known::FOR_CONTROL), b"(for control)");
    }

    #[test]
    fn symbols_are_forgotten() {
        let mut symbols = Symbols::new();
        for round in 0..3 {
            let first = symbols.intern(format!("name {round}").as_bytes());
            assert_eq!(first.0 as usize, INITIAL);
            let names = (0..200).map(|number| symbols.intern(format!("{number}").as_bytes()));
            assert_eq!(names.last(), Some(Symbol(first.0 + 200)));
            let shared = symbols.shared(known::SELF);
            assert!(Rc::ptr_eq(&shared, &symbols.shared(known::SELF)));
            symbols.reset();
            assert_eq!(Rc::strong_count(&shared), 1);
            assert_eq!(symbols.intern(b"while").0 as usize, RESERVED.len() - 1);
        }
    }
}
