//! Lua patterns, compiled: the text becomes a straight line of operations, once.
//! Compiling never fails. Where LuaJIT would raise an error the operation says so, because LuaJIT raises
//! it only when a match gets that far. As in LuaJIT a pattern ends at its first zero byte.

use super::charset::{CharSet, Shape};

/// The most captures a pattern can have (`LUA_MAXCAPTURES`).
pub const MAX_CAPTURES: usize = 32;

/// LuaJIT's limit on nested matches (`LJ_MAX_XLEVEL`). We recurse nowhere, but we count as it does, so that
/// the same patterns are refused; it also bounds the backtrack stack.
pub(super) const MAX_DEPTH: u32 = 200;

/// What is wrong with a pattern. The texts are LuaJIT's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("malformed pattern (ends with '%')")]
    EndsWithEscape,
    #[error("malformed pattern (missing ']')")]
    MissingBracket,
    #[error("missing '[' after '%f' in pattern")]
    MissingFrontierSet,
    /// `%b` without its two bytes.
    #[error("unbalanced pattern")]
    Unbalanced,
    #[error("invalid pattern capture")]
    InvalidPatternCapture,
    #[error("invalid capture index")]
    InvalidCaptureIndex,
    #[error("too many captures")]
    TooManyCaptures,
    #[error("unfinished capture")]
    UnfinishedCapture,
    #[error("pattern too complex")]
    TooComplex,
}

/// What a `^` at the start of a pattern means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caret {
    /// `find`, `match` and `gsub`: match only where the search begins.
    Anchor,
    /// `gmatch`: an ordinary byte.
    Literal,
}

/// One step of a match. `Open` to `Position` carry the index of their capture.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Byte(u8),
    /// A run of bytes in `Pattern::literals`.
    Literal {
        start: u32,
        len: u32,
    },
    Any,
    Set(u32),
    OptionalByte(u8),
    OptionalAny,
    OptionalSet(u32),
    /// `*` and `+`: an index into `Pattern::repeats`.
    Longest(u32),
    /// `-`: an index into `Pattern::repeats`.
    Shortest(u32),
    Balance(u8, u8),
    Frontier(u32),
    Open(u8),
    Close(u8),
    Position(u8),
    BackReference(u8),
    EndAnchor,
    /// A back reference to a position capture, which matches nothing.
    Never,
    Accept,
    Error(PatternError),
}

/// A repeated item with all that is known about what comes after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repeat {
    pub(super) item: CharSet,
    pub(super) item_shape: Shape,
    /// Fewest repetitions: 0, or 1 for `+`.
    pub(super) least: u8,
    /// The rest of the pattern needs one of these bytes next, unless the subject ends there.
    pub(super) follow: CharSet,
    pub(super) follow_shape: Shape,
    /// No other number of repetitions than the first one tried can lead to a match.
    pub(super) decided: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaptureKind {
    Unfinished,
    Span,
    Position,
}

/// A compiled pattern. It holds no reference to its text.
///
/// It takes at most 32 bytes for each byte of the text, and 20 kilobytes on top.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub(super) ops: Vec<Op>,
    pub(super) sets: Vec<CharSet>,
    pub(super) repeats: Vec<Repeat>,
    pub(super) literals: Vec<u8>,
    /// Every path through a pattern runs the same operations, so the state of each capture at the end of a
    /// match is known beforehand.
    pub(super) captures: [CaptureKind; MAX_CAPTURES],
    pub(super) capture_count: usize,
    pub(super) anchored: bool,
    /// A match starts at one of these bytes or at the end of the subject.
    pub(super) first: CharSet,
    pub(super) first_shape: Shape,
    /// The first operation that is not about captures, if it is a longest repetition that leaves no choice and
    /// nothing refers back: a match that fails from one place in a run then fails from all of them.
    pub(super) lead: Option<u32>,
}

impl Default for Pattern {
    /// The empty pattern.
    fn default() -> Pattern {
        Pattern {
            ops: vec![Op::Accept],
            sets: Vec::new(),
            repeats: Vec::new(),
            literals: Vec::new(),
            captures: [CaptureKind::Unfinished; MAX_CAPTURES],
            capture_count: 0,
            anchored: false,
            first: CharSet::ALL,
            first_shape: Shape::All,
            lead: None,
        }
    }
}

impl Pattern {
    pub fn new(text: &[u8], caret: Caret) -> Pattern {
        let mut pattern = Pattern::default();
        pattern.compile(text, caret);
        pattern
    }

    /// Replaces this pattern by another and keeps its memory, for callers that meet many patterns.
    pub fn compile(&mut self, text: &[u8], caret: Caret) {
        self.ops.clear();
        self.sets.clear();
        self.repeats.clear();
        self.literals.clear();
        self.capture_count = 0;
        self.anchored = caret == Caret::Anchor && text.first() == Some(&b'^');
        let text = if self.anchored { &text[1..] } else { text };
        let mut compiler = Compiler {
            pattern: self,
            text,
            at: 0,
            depth: 1,
            literal_open: false,
        };
        let last = match compiler.run() {
            Ok(()) => Op::Accept,
            Err(error) => Op::Error(error),
        };
        self.ops.push(last);
        self.look_ahead();
    }

    /// How many captures the pattern has; a match without any counts as one, the whole match.
    pub fn capture_count(&self) -> usize {
        self.capture_count
    }

    /// True when matches are tried only where the search begins.
    pub fn is_anchored(&self) -> bool {
        self.anchored
    }

    /// Bytes of memory this pattern occupies beyond its own size.
    pub fn heap_bytes(&self) -> usize {
        self.ops.capacity() * size_of::<Op>()
            + self.sets.capacity() * size_of::<CharSet>()
            + self.repeats.capacity() * size_of::<Repeat>()
            + self.literals.capacity()
    }

    /// Walks the operations backwards and works out, for each repetition, what must come after it.
    fn look_ahead(&mut self) {
        // The bytes that can come next; whether the rest of the pattern matches whatever comes.
        let mut first = CharSet::ALL;
        let mut certain = false;
        for op in self.ops.iter().rev() {
            match *op {
                Op::Accept => {
                    first = CharSet::ALL;
                    certain = true;
                }
                Op::Open(_) | Op::Close(_) | Op::Position(_) => {}
                Op::OptionalByte(byte) => first = first.union(CharSet::single(byte)),
                Op::OptionalAny => first = CharSet::ALL,
                Op::OptionalSet(set) => first = first.union(self.sets[set as usize]),
                Op::Longest(index) | Op::Shortest(index) => {
                    let repeat = &mut self.repeats[index as usize];
                    repeat.follow = first;
                    repeat.follow_shape = first.shape();
                    // After the longest run nothing else can work if no byte of the run could start the rest.
                    let longest = matches!(op, Op::Longest(_));
                    repeat.decided =
                        certain || (longest && repeat.item.intersection(first).is_empty());
                    if repeat.least == 0 {
                        first = first.union(repeat.item);
                    } else {
                        first = repeat.item;
                        certain = false;
                    }
                }
                Op::Frontier(set) => {
                    first = first.intersection(self.sets[set as usize]);
                    certain = false;
                }
                Op::Byte(_)
                | Op::Literal { .. }
                | Op::Any
                | Op::Set(_)
                | Op::Balance(..)
                | Op::BackReference(_)
                | Op::EndAnchor
                | Op::Never
                | Op::Error(_) => {
                    certain = false;
                    first = match *op {
                        Op::Byte(byte) | Op::Balance(byte, _) => CharSet::single(byte),
                        Op::Literal { start, .. } => match self.literals.get(start as usize) {
                            Some(&byte) => CharSet::single(byte),
                            None => CharSet::ALL,
                        },
                        Op::Set(set) => self.sets[set as usize],
                        Op::EndAnchor | Op::Never => CharSet::EMPTY,
                        _ => CharSet::ALL,
                    };
                }
            }
        }
        self.first = first;
        self.first_shape = first.shape();
        self.lead = self.find_lead();
    }

    fn find_lead(&self) -> Option<u32> {
        let lead = self
            .ops
            .iter()
            .position(|op| !matches!(op, Op::Open(_) | Op::Position(_)))?;
        let Op::Longest(index) = self.ops[lead] else {
            return None;
        };
        let refers_back = |op: &Op| matches!(op, Op::BackReference(_));
        let decided = self.repeats[index as usize].decided && !self.ops.iter().any(refers_back);
        decided.then_some(lead as u32)
    }
}

/// An item that matches one byte, as written.
enum Item {
    Byte(u8),
    Any,
    Set(CharSet),
}

struct Compiler<'a> {
    pattern: &'a mut Pattern,
    text: &'a [u8],
    at: usize,
    /// How deep LuaJIT's matcher would be here if no optional item had matched.
    depth: u32,
    /// The last operation is a byte that the next byte may join.
    literal_open: bool,
}

impl Compiler<'_> {
    /// The byte `offset` places ahead; zero at the end, which ends a pattern in any case.
    fn peek(&self, offset: usize) -> u8 {
        self.text.get(self.at + offset).copied().unwrap_or(0)
    }

    fn run(&mut self) -> Result<(), PatternError> {
        // Operations address literals and sets by 32 bits.
        if self.text.len() > (u32::MAX / 4) as usize {
            return Err(PatternError::TooComplex);
        }
        loop {
            match self.peek(0) {
                0 => return Ok(()),
                b'(' => self.open_capture()?,
                b')' => self.close_capture()?,
                b'$' if self.peek(1) == 0 => {
                    self.push(Op::EndAnchor);
                    return Ok(());
                }
                b'%' => match self.peek(1) {
                    b'b' => {
                        let (open, close) = (self.peek(2), self.peek(3));
                        if open == 0 || close == 0 {
                            return Err(PatternError::Unbalanced);
                        }
                        self.at += 4;
                        self.push(Op::Balance(open, close));
                    }
                    b'f' => {
                        self.at += 2;
                        if self.peek(0) != b'[' {
                            return Err(PatternError::MissingFrontierSet);
                        }
                        let set = self.bracket()?;
                        let set = self.add_set(set);
                        self.push(Op::Frontier(set));
                    }
                    digit @ b'0'..=b'9' => self.back_reference(digit)?,
                    _ => self.item()?,
                },
                _ => self.item()?,
            }
        }
    }

    fn push(&mut self, op: Op) {
        self.pattern.ops.push(op);
        self.literal_open = false;
    }

    /// Counts one more nested match.
    fn descend(&mut self) -> Result<(), PatternError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PatternError::TooComplex);
        }
        Ok(())
    }

    fn open_capture(&mut self) -> Result<(), PatternError> {
        let index = self.pattern.capture_count;
        let Some(capture) = self.pattern.captures.get_mut(index) else {
            return Err(PatternError::TooManyCaptures);
        };
        self.pattern.capture_count += 1;
        if self.text.get(self.at + 1) == Some(&b')') {
            *capture = CaptureKind::Position;
            self.at += 2;
            self.push(Op::Position(index as u8));
        } else {
            *capture = CaptureKind::Unfinished;
            self.at += 1;
            self.push(Op::Open(index as u8));
        }
        self.descend()
    }

    fn close_capture(&mut self) -> Result<(), PatternError> {
        let pattern = &mut *self.pattern;
        let open = pattern.captures[..pattern.capture_count]
            .iter()
            .rposition(|&kind| kind == CaptureKind::Unfinished)
            .ok_or(PatternError::InvalidPatternCapture)?;
        pattern.captures[open] = CaptureKind::Span;
        self.at += 1;
        self.push(Op::Close(open as u8));
        self.descend()
    }

    fn back_reference(&mut self, digit: u8) -> Result<(), PatternError> {
        let index = usize::from(digit).wrapping_sub(usize::from(b'1'));
        let pattern = &self.pattern;
        let op = match pattern.captures[..pattern.capture_count].get(index) {
            Some(CaptureKind::Span) => Op::BackReference(index as u8),
            Some(CaptureKind::Position) => Op::Never,
            Some(CaptureKind::Unfinished) | None => return Err(PatternError::InvalidCaptureIndex),
        };
        self.at += 2;
        self.push(op);
        Ok(())
    }

    /// An item that matches one byte, with the quantifier after it.
    fn item(&mut self) -> Result<(), PatternError> {
        let item = match self.peek(0) {
            b'%' => {
                let letter = self.peek(1);
                if letter == 0 {
                    return Err(PatternError::EndsWithEscape);
                }
                self.at += 2;
                match CharSet::escape(letter) {
                    set if set == CharSet::single(letter) => Item::Byte(letter),
                    set => Item::Set(set),
                }
            }
            b'[' => Item::Set(self.bracket()?),
            b'.' => {
                self.at += 1;
                Item::Any
            }
            byte => {
                self.at += 1;
                Item::Byte(byte)
            }
        };
        let quantifier = self.peek(0);
        if matches!(quantifier, b'*' | b'+' | b'-' | b'?') {
            self.at += 1;
        }
        match quantifier {
            b'*' => self.repeat(&item, 0, Op::Longest),
            b'+' => self.repeat(&item, 1, Op::Longest),
            b'-' => self.repeat(&item, 0, Op::Shortest),
            b'?' => {
                let op = match item {
                    Item::Byte(byte) => Op::OptionalByte(byte),
                    Item::Any => Op::OptionalAny,
                    Item::Set(set) => Op::OptionalSet(self.add_set(set)),
                };
                self.push(op);
                Ok(())
            }
            _ => {
                self.single(&item);
                Ok(())
            }
        }
    }

    fn single(&mut self, item: &Item) {
        match *item {
            Item::Byte(byte) => self.byte(byte),
            Item::Any => self.push(Op::Any),
            Item::Set(set) => {
                let set = self.add_set(set);
                self.push(Op::Set(set));
            }
        }
    }

    fn repeat(&mut self, item: &Item, least: u8, op: fn(u32) -> Op) -> Result<(), PatternError> {
        if self.depth == MAX_DEPTH {
            // LuaJIT notices the depth after the first repetition of `+`.
            if least > 0 {
                self.single(item);
            }
            return Err(PatternError::TooComplex);
        }
        let set = match *item {
            Item::Byte(byte) => CharSet::single(byte),
            Item::Any => CharSet::ALL,
            Item::Set(set) => set,
        };
        let index = self.pattern.repeats.len() as u32;
        self.pattern.repeats.push(Repeat {
            item: set,
            item_shape: set.shape(),
            least,
            follow: CharSet::ALL,
            follow_shape: Shape::All,
            decided: false,
        });
        self.push(op(index));
        self.descend()
    }

    /// Appends a byte that stands for itself, to the run before it if there is one.
    fn byte(&mut self, byte: u8) {
        let literals = &mut self.pattern.literals;
        if self.literal_open {
            match self.pattern.ops.last_mut() {
                Some(Op::Literal { len, .. }) => {
                    literals.push(byte);
                    *len += 1;
                    return;
                }
                Some(op @ Op::Byte(_)) => {
                    if let Op::Byte(before) = *op {
                        let start = literals.len() as u32;
                        literals.extend([before, byte]);
                        *op = Op::Literal { start, len: 2 };
                        return;
                    }
                }
                _ => {}
            }
        }
        self.push(Op::Byte(byte));
        self.literal_open = true;
    }

    /// Numbers a set. Looking at the last few keeps long patterns of classes small.
    fn add_set(&mut self, set: CharSet) -> u32 {
        let sets = &mut self.pattern.sets;
        let recent = sets.len().saturating_sub(32);
        if let Some(index) = sets[recent..].iter().position(|&known| known == set) {
            return (recent + index) as u32;
        }
        sets.push(set);
        (sets.len() - 1) as u32
    }

    /// Reads a set; `at` is on its `[`, and moves past its `]`.
    fn bracket(&mut self) -> Result<CharSet, PatternError> {
        let negated = self.peek(1) == b'^';
        let body = self.at + if negated { 2 } else { 1 };
        let byte = |index: usize| self.text.get(index).copied().unwrap_or(0);
        // The end comes first: what looks like a range may not reach over it. A `]` in front is a member.
        let mut end = body;
        loop {
            let member = byte(end);
            if member == 0 {
                return Err(PatternError::MissingBracket);
            }
            end += 1;
            if member == b'%' && byte(end) != 0 {
                end += 1;
            }
            if byte(end) == b']' {
                break;
            }
        }
        let mut set = CharSet::EMPTY;
        let mut index = body;
        while index < end {
            let member = byte(index);
            if member == b'%' {
                set = set.union(CharSet::escape(byte(index + 1)));
                index += 2;
            } else if byte(index + 1) == b'-' && index + 2 < end {
                set = set.union(CharSet::range(member, byte(index + 2)));
                index += 3;
            } else {
                set = set.union(CharSet::single(member));
                index += 1;
            }
        }
        self.at = end + 1;
        Ok(if negated { set.complement() } else { set })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_join_into_runs() {
        let pattern = Pattern::new(b"abc%.d*ef", Caret::Anchor);
        let text = format!("{:?}", pattern.ops);
        assert_eq!(
            text,
            "[Literal { start: 0, len: 4 }, Longest(0), Literal { start: 4, len: 2 }, Accept]"
        );
        assert_eq!(pattern.literals, b"abc.ef");
    }

    #[test]
    fn repetitions_know_what_follows() {
        let pattern = Pattern::new(b"(%w+)%s*=%s*(.-)%s*$", Caret::Anchor);
        let decided: Vec<bool> = pattern
            .repeats
            .iter()
            .map(|repeat| repeat.decided)
            .collect();
        // `%s*` before `.-` could give bytes back, and `.-` must try each length.
        assert_eq!(decided, [true, true, false, false, true]);
        assert_eq!(pattern.first, CharSet::escape(b'w'));
        assert_eq!(
            Pattern::new(b"x*y", Caret::Anchor).first,
            CharSet::range(b'x', b'y')
        );
        assert_eq!(Pattern::new(b"$", Caret::Anchor).first, CharSet::EMPTY);
    }

    #[test]
    fn a_caret_anchors_except_in_gmatch() {
        assert!(Pattern::new(b"^a", Caret::Anchor).is_anchored());
        assert!(!Pattern::new(b"^a", Caret::Literal).is_anchored());
        assert!(Pattern::new(b"^", Caret::Anchor).is_anchored());
    }

    #[test]
    fn long_patterns_stay_small() {
        let text = b"%a%d[abc]?".repeat(10_000);
        let pattern = Pattern::new(&text, Caret::Anchor);
        assert!(pattern.heap_bytes() <= 32 * text.len());
        let text = b"x*".repeat(100_000);
        assert!(Pattern::new(&text, Caret::Anchor).heap_bytes() < 100_000);
    }
}
