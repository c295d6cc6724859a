//! Interned names and strings of one compilation.
//!
//! Every identifier and string literal becomes a small number, so that the parser compares names by
//! value. Reserved words come first, which makes the keyword test a comparison.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

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

/// A fast hasher without random state: compilation must not depend on the process.
#[derive(Debug, Default, Clone)]
pub(super) struct FixedHasher(u64);

impl FixedHasher {
    #[inline]
    fn mix(&mut self, word: u64) {
        let mixed = (self.0.rotate_left(29) ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let product = u128::from(mixed) * 0xf39c_c060_5ced_c835;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for FixedHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.mix(u64::from_le_bytes(chunk.try_into().unwrap_or_default()));
        }
        let mut tail = 0;
        for &byte in chunks.remainder() {
            tail = tail << 8 | u64::from(byte);
        }
        self.mix(tail);
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value));
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.mix(u64::from(value));
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// A map for look-up only; its order of iteration means nothing.
pub(super) type FixedMap<K, V> = HashMap<K, V, BuildHasherDefault<FixedHasher>>;

/// The interned strings.
#[derive(Debug)]
pub(super) struct Symbols {
    map: FixedMap<Rc<[u8]>, Symbol>,
    texts: Vec<Rc<[u8]>>,
}

impl Symbols {
    pub(super) fn new() -> Symbols {
        let mut symbols = Symbols {
            map: FixedMap::default(),
            texts: Vec::new(),
        };
        for text in RESERVED.iter().chain(&KNOWN_NAMES) {
            symbols.intern(text.as_bytes());
        }
        symbols
    }

    #[inline]
    pub(super) fn intern(&mut self, text: &[u8]) -> Symbol {
        match self.map.get(text) {
            Some(&symbol) => symbol,
            None => self.add(text),
        }
    }

    fn add(&mut self, text: &[u8]) -> Symbol {
        let symbol = Symbol(self.texts.len() as u32);
        let text: Rc<[u8]> = Rc::from(text);
        self.texts.push(Rc::clone(&text));
        self.map.insert(text, symbol);
        symbol
    }

    pub(super) fn text(&self, symbol: Symbol) -> &Rc<[u8]> {
        &self.texts[symbol.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_symbols_have_their_names() {
        let symbols = Symbols::new();
        assert_eq!(&**symbols.text(known::GOTO), b"goto");
        assert_eq!(&**symbols.text(known::BREAK), b"break");
        assert_eq!(&**symbols.text(known::SELF), b"self");
        assert_eq!(&**symbols.text(known::FOR_CONTROL), b"(for control)");
    }
}
