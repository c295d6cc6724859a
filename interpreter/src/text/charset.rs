//! Sets of bytes and the character classes of the C locale.
//! A pattern item of any spelling (`x`, `.`, `%a`, `[^%s,]`) becomes one 256-bit set,
//! so that the matcher never reads the text of a set twice.

/// A set of byte values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CharSet([u64; 4]);

/// How a set is best searched for; found once, when a pattern is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Empty,
    One(u8),
    /// Every byte but this one.
    AllBut(u8),
    All,
    Mixed,
}

impl CharSet {
    pub(super) const EMPTY: CharSet = CharSet([0; 4]);
    pub(super) const ALL: CharSet = CharSet([u64::MAX; 4]);

    pub(super) const fn single(byte: u8) -> CharSet {
        CharSet::EMPTY.with(byte)
    }

    const fn with(mut self, byte: u8) -> CharSet {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
        self
    }

    /// The bytes from `low` to `high`; none when the bounds are the wrong way round.
    pub(super) const fn range(low: u8, high: u8) -> CharSet {
        let mut set = CharSet::EMPTY;
        let mut word = 0;
        while word < 4 {
            let base = word as i32 * 64;
            let from = low as i32 - base;
            let to = high as i32 - base;
            if from < 64 && to >= 0 && from <= to {
                let from = if from < 0 { 0 } else { from as u32 };
                let to = if to > 63 { 63 } else { to as u32 };
                set.0[word] = (u64::MAX << from) & (u64::MAX >> (63 - to));
            }
            word += 1;
        }
        set
    }

    pub(super) const fn union(self, other: CharSet) -> CharSet {
        let (a, b) = (self.0, other.0);
        CharSet([a[0] | b[0], a[1] | b[1], a[2] | b[2], a[3] | b[3]])
    }

    pub(super) const fn intersection(self, other: CharSet) -> CharSet {
        let (a, b) = (self.0, other.0);
        CharSet([a[0] & b[0], a[1] & b[1], a[2] & b[2], a[3] & b[3]])
    }

    pub(super) const fn complement(self) -> CharSet {
        let a = self.0;
        CharSet([!a[0], !a[1], !a[2], !a[3]])
    }

    #[inline(always)]
    pub(super) const fn contains(&self, byte: u8) -> bool {
        (self.0[(byte >> 6) as usize] >> (byte & 63)) & 1 != 0
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == CharSet::EMPTY
    }

    pub(super) fn shape(&self) -> Shape {
        if let Some(byte) = self.only_member() {
            return Shape::One(byte);
        }
        if let Some(byte) = self.complement().only_member() {
            return Shape::AllBut(byte);
        }
        match *self {
            CharSet::EMPTY => Shape::Empty,
            CharSet::ALL => Shape::All,
            _ => Shape::Mixed,
        }
    }

    fn only_member(&self) -> Option<u8> {
        let mut found = None;
        for (word, bits) in (0u8..).zip(self.0) {
            if bits != 0 {
                if found.is_some() || !bits.is_power_of_two() {
                    return None;
                }
                found = Some(word * 64 + bits.trailing_zeros() as u8);
            }
        }
        found
    }

    /// What `%` followed by `letter` matches: a class, its complement for a capital letter,
    /// or the byte itself when it names no class.
    pub(super) const fn escape(letter: u8) -> CharSet {
        let class = match letter | 0x20 {
            b'a' => ALPHA,
            b'c' => CNTRL,
            b'd' => DIGIT,
            b'g' => GRAPH,
            b'l' => LOWER,
            b'p' => PUNCT,
            b's' => SPACE,
            b'u' => UPPER,
            b'w' => ALNUM,
            b'x' => XDIGIT,
            b'z' => CharSet::single(0),
            _ => return CharSet::single(letter),
        };
        if letter & 0x20 == 0 {
            class.complement()
        } else {
            class
        }
    }
}

const DIGIT: CharSet = CharSet::range(b'0', b'9');
const LOWER: CharSet = CharSet::range(b'a', b'z');
const UPPER: CharSet = CharSet::range(b'A', b'Z');
const ALPHA: CharSet = LOWER.union(UPPER);
const ALNUM: CharSet = ALPHA.union(DIGIT);
const XDIGIT: CharSet = DIGIT
    .union(CharSet::range(b'a', b'f'))
    .union(CharSet::range(b'A', b'F'));
const SPACE: CharSet = CharSet::range(9, 13).with(b' ');
const CNTRL: CharSet = CharSet::range(0, 31).with(127);
const GRAPH: CharSet = CharSet::range(33, 126);
const PUNCT: CharSet = GRAPH.intersection(ALNUM.complement());

#[cfg(test)]
mod tests {
    use super::*;

    fn members(set: CharSet) -> Vec<u8> {
        (0..=255).filter(|&byte| set.contains(byte)).collect()
    }

    #[test]
    fn classes_agree_with_the_c_locale() {
        type Test = fn(&u8) -> bool;
        let classes: [(u8, Test); 8] = [
            (b'a', u8::is_ascii_alphabetic),
            (b'c', u8::is_ascii_control),
            (b'd', u8::is_ascii_digit),
            (b'g', u8::is_ascii_graphic),
            (b'l', u8::is_ascii_lowercase),
            (b'p', u8::is_ascii_punctuation),
            (b'w', u8::is_ascii_alphanumeric),
            (b'x', u8::is_ascii_hexdigit),
        ];
        for (letter, test) in classes {
            let expected: Vec<u8> = (0..=255).filter(test).collect();
            assert_eq!(members(CharSet::escape(letter)), expected);
            let capital = CharSet::escape(letter.to_ascii_uppercase());
            assert_eq!(capital, CharSet::escape(letter).complement());
        }
        let space = [9, 10, 11, 12, 13, 32];
        assert_eq!(members(CharSet::escape(b's')), space);
        assert_eq!(members(CharSet::escape(b'z')), [0]);
        assert_eq!(members(CharSet::escape(b'q')), [b'q']);
        assert_eq!(members(CharSet::escape(b'.')), [b'.']);
        assert_eq!(members(CharSet::escape(1)), [1]);
    }

    #[test]
    fn ranges_cross_words_and_may_be_empty() {
        assert_eq!(
            members(CharSet::range(60, 70)),
            (60..=70).collect::<Vec<u8>>()
        );
        assert_eq!(members(CharSet::range(0, 255)).len(), 256);
        assert_eq!(members(CharSet::range(70, 60)), []);
        assert_eq!(members(CharSet::range(200, 200)), [200]);
    }

    #[test]
    fn shapes() {
        assert_eq!(CharSet::EMPTY.shape(), Shape::Empty);
        assert_eq!(CharSet::ALL.shape(), Shape::All);
        assert_eq!(CharSet::single(200).shape(), Shape::One(200));
        assert_eq!(
            CharSet::single(200).complement().shape(),
            Shape::AllBut(200)
        );
        assert_eq!(CharSet::range(62, 65).shape(), Shape::Mixed);
    }
}
