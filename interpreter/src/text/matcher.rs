//! The pattern matcher: a machine with its own backtrack stack, which stops when its budget is spent and
//! goes on later from there. It keeps positions only, so it may live in the VM's heap between two steps.
//! Its results are those of LuaJIT's recursive matcher (`lib_string.c`), its errors too.

use memchr::{memchr, memrchr};

use super::charset::{CharSet, Shape};
use super::pattern::{CaptureKind, MAX_CAPTURES, MAX_DEPTH, Op, Pattern, PatternError, Repeat};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The match covers `start..end`; the captures can be read.
    Matched {
        start: usize,
        end: usize,
    },
    Failed,
    /// The budget is spent; the next step goes on where this one stopped.
    OutOfBudget,
    Error(PatternError),
}

/// A capture of a successful match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capture {
    /// A part of the subject.
    Span { start: usize, end: usize },
    /// The value of `()`, counted from 1.
    Position(usize),
}

/// A choice to come back to when what follows it fails.
#[derive(Clone, Copy, Debug)]
struct Choice {
    /// The operation that chose.
    pc: u32,
    /// LuaJIT's nesting depth before the choice.
    depth: u32,
    /// Where the subject stands now for this choice.
    at: usize,
    /// Longest first: the position below which the repetition cannot shrink.
    least: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Looking for the next place where a match can start.
    Searching,
    Running,
    /// The last operation failed; the newest choice is to be revised.
    BackingUp,
}

/// Searches one subject for one pattern at a time. Reuse it: then matching allocates nothing.
#[derive(Clone, Debug)]
pub struct Matcher {
    state: State,
    pc: u32,
    depth: u32,
    /// Where the match being tried starts.
    start: usize,
    /// Where the next operation looks.
    at: usize,
    /// How far an operation got that the budget interrupted: bytes of a repetition or a balanced string.
    partial: usize,
    /// Open brackets of an interrupted `%b`.
    nesting: usize,
    /// The last place from which the match being tried would fail just as it does from `start`.
    hopeless: usize,
    /// Where the match ended.
    end: usize,
    captures: [(usize, usize); MAX_CAPTURES],
    choices: Vec<Choice>,
}

impl Default for Matcher {
    fn default() -> Matcher {
        Matcher::new()
    }
}

/// What an operation that takes several steps came to.
enum Progress {
    Done(usize),
    Failed,
    Interrupted,
}

impl Matcher {
    pub fn new() -> Matcher {
        Matcher {
            state: State::Searching,
            pc: 0,
            depth: 1,
            start: 0,
            at: 0,
            partial: 0,
            nesting: 0,
            hopeless: 0,
            end: 0,
            captures: [(0, 0); MAX_CAPTURES],
            choices: Vec::new(),
        }
    }

    /// Begins a search at byte `init` of the subject, counted from 0.
    ///
    /// `find`, `match` and `gmatch` search once for each result; so does `gsub`, which goes on at the end of
    /// a match, or one byte later when the match was empty.
    pub fn begin(&mut self, init: usize) {
        self.state = State::Searching;
        self.start = init;
        self.partial = 0;
    }

    /// Runs until the search ends or `budget` is spent: about one unit for each byte compared or taken back.
    ///
    /// Give the same subject and pattern at each step of a search. A step with a budget always gets ahead.
    pub fn step(&mut self, subject: &[u8], pattern: &Pattern, budget: &mut u64) -> Outcome {
        if *budget == 0 {
            return Outcome::OutOfBudget;
        }
        if self.state == State::Searching && !self.search(subject, pattern, budget) {
            return if self.start > subject.len() {
                Outcome::Failed
            } else {
                Outcome::OutOfBudget
            };
        }
        self.run(subject, pattern, budget)
    }

    /// The capture with this index, counted from 0. Index 0 of a pattern without captures is the match.
    ///
    /// # Errors
    ///
    /// `UnfinishedCapture` or `InvalidCaptureIndex`.
    pub fn capture(&self, pattern: &Pattern, index: usize) -> Result<Capture, PatternError> {
        if index >= pattern.capture_count {
            return match index {
                0 => Ok(self.whole()),
                _ => Err(PatternError::InvalidCaptureIndex),
            };
        }
        let (start, end) = self.captures[index];
        match pattern.captures[index] {
            CaptureKind::Span => Ok(Capture::Span { start, end }),
            CaptureKind::Position => Ok(Capture::Position(start + 1)),
            CaptureKind::Unfinished => Err(PatternError::UnfinishedCapture),
        }
    }

    /// The whole match, `%0` of a replacement.
    pub fn whole(&self) -> Capture {
        Capture::Span {
            start: self.start,
            end: self.end,
        }
    }

    /// Moves `start` to the next place worth a try and prepares the try. False when there is none, with
    /// `start` behind the subject, or when the budget ended.
    #[inline]
    fn search(&mut self, subject: &[u8], pattern: &Pattern, budget: &mut u64) -> bool {
        let rest = subject.get(self.start..).unwrap_or_default();
        if !pattern.anchored && pattern.first_shape != Shape::All {
            let window = window(rest, *budget);
            match find_member(window, &pattern.first, pattern.first_shape) {
                Some(skipped) => {
                    self.start += skipped;
                    charge(budget, skipped);
                }
                None => {
                    self.start += window.len();
                    charge(budget, window.len());
                    // A pattern may still match at the end of the subject.
                    if window.len() < rest.len() {
                        return false;
                    }
                }
            }
        }
        if self.start > subject.len() {
            return false;
        }
        self.state = State::Running;
        self.pc = 0;
        self.depth = 1;
        self.at = self.start;
        self.hopeless = self.start;
        self.choices.clear();
        true
    }

    fn run(&mut self, subject: &[u8], pattern: &Pattern, budget: &mut u64) -> Outcome {
        let mut at = self.at;
        let mut pc = self.pc;
        let mut depth = self.depth;
        let mut resumed_backing_up = self.state == State::BackingUp;
        let mut left = *budget;
        // Keeps the machine's registers for the next step.
        macro_rules! pause {
            ($state:expr) => {{
                self.state = $state;
                self.at = at;
                self.pc = pc;
                self.depth = depth;
                *budget = 0;
                return Outcome::OutOfBudget;
            }};
        }
        macro_rules! finish {
            ($outcome:expr) => {{
                self.state = State::Searching;
                *budget = left;
                return $outcome;
            }};
        }
        'forward: loop {
            'fail: {
                if resumed_backing_up {
                    resumed_backing_up = false;
                    break 'fail;
                }
                if left == 0 {
                    pause!(State::Running);
                }
                left -= 1;
                let Some(&op) = pattern.ops.get(pc as usize) else {
                    break 'fail;
                };
                match op {
                    Op::Byte(byte) => match subject.get(at) {
                        Some(&here) if here == byte => at += 1,
                        _ => break 'fail,
                    },
                    Op::Literal { start, len } => {
                        let (start, len) = (start as usize, len as usize);
                        let literal = pattern.literals.get(start..start + len);
                        match (literal, subject.get(at..at.saturating_add(len))) {
                            (Some(literal), Some(here)) if literal == here => at += len,
                            _ => break 'fail,
                        }
                        charge(&mut left, len);
                    }
                    Op::Any => {
                        if at >= subject.len() {
                            break 'fail;
                        }
                        at += 1;
                    }
                    Op::Set(set) => match (subject.get(at), pattern.sets.get(set as usize)) {
                        (Some(&here), Some(set)) if set.contains(here) => at += 1,
                        _ => break 'fail,
                    },
                    Op::OptionalByte(_) | Op::OptionalAny | Op::OptionalSet(_) => {
                        let matches = match (op, subject.get(at)) {
                            (_, None) => false,
                            (Op::OptionalByte(byte), Some(&here)) => here == byte,
                            (Op::OptionalSet(set), Some(&here)) => pattern
                                .sets
                                .get(set as usize)
                                .is_some_and(|set| set.contains(here)),
                            (_, Some(_)) => true,
                        };
                        if matches {
                            self.choices.push(Choice {
                                pc,
                                depth,
                                at,
                                least: at,
                            });
                            at += 1;
                            depth += 1;
                        }
                    }
                    Op::Longest(index) => {
                        let Some(repeat) = pattern.repeats.get(index as usize) else {
                            break 'fail;
                        };
                        let from = at + self.partial;
                        let rest = subject.get(from..).unwrap_or_default();
                        let run = if repeat.item_shape == Shape::All {
                            rest.len()
                        } else {
                            let window = window(rest, left);
                            let run = run_length(window, repeat);
                            charge(&mut left, run);
                            if run == window.len() && run < rest.len() {
                                self.partial += run;
                                pause!(State::Running);
                            }
                            run
                        };
                        self.partial = 0;
                        let least = at + usize::from(repeat.least);
                        let longest = from + run;
                        if pattern.lead == Some(pc) {
                            self.hopeless = longest;
                        }
                        if longest < least {
                            break 'fail;
                        }
                        if !repeat.decided && longest > least {
                            self.choices.push(Choice {
                                pc,
                                depth,
                                at: longest,
                                least,
                            });
                        }
                        at = longest;
                        depth += 1;
                    }
                    Op::Shortest(index) => {
                        let decided = pattern
                            .repeats
                            .get(index as usize)
                            .is_none_or(|repeat| repeat.decided);
                        if !decided {
                            self.choices.push(Choice {
                                pc,
                                depth,
                                at,
                                least: at,
                            });
                        }
                        depth += 1;
                    }
                    Op::Balance(open, close) => {
                        match self.balance(subject, at, (open, close), &mut left) {
                            Progress::Done(end) => at = end,
                            Progress::Failed => break 'fail,
                            Progress::Interrupted => pause!(State::Running),
                        }
                    }
                    Op::Frontier(set) => {
                        let Some(set) = pattern.sets.get(set as usize) else {
                            break 'fail;
                        };
                        let before = match at.checked_sub(1) {
                            Some(before) => subject.get(before).copied().unwrap_or(0),
                            None => 0,
                        };
                        let here = subject.get(at).copied().unwrap_or(0);
                        if set.contains(before) || !set.contains(here) {
                            break 'fail;
                        }
                    }
                    // Captures need no undoing: an operation that reads one runs after the one that wrote it.
                    Op::Open(index) | Op::Position(index) => {
                        if let Some(capture) = self.captures.get_mut(usize::from(index)) {
                            capture.0 = at;
                        }
                        depth += 1;
                    }
                    Op::Close(index) => {
                        if let Some(capture) = self.captures.get_mut(usize::from(index)) {
                            capture.1 = at;
                        }
                        depth += 1;
                    }
                    Op::BackReference(index) => {
                        let captured = match self.captures.get(usize::from(index)) {
                            Some(&(start, end)) => subject.get(start..end).unwrap_or_default(),
                            None => break 'fail,
                        };
                        charge(&mut left, captured.len());
                        let rest = subject.get(at..).unwrap_or_default();
                        if !rest.starts_with(captured) {
                            break 'fail;
                        }
                        at += captured.len();
                    }
                    Op::EndAnchor => {
                        if at != subject.len() {
                            break 'fail;
                        }
                        self.end = at;
                        finish!(Outcome::Matched {
                            start: self.start,
                            end: at
                        });
                    }
                    Op::Never => break 'fail,
                    Op::Accept => {
                        self.end = at;
                        finish!(Outcome::Matched {
                            start: self.start,
                            end: at
                        });
                    }
                    Op::Error(error) => finish!(Outcome::Error(error)),
                }
                if depth > MAX_DEPTH {
                    finish!(Outcome::Error(PatternError::TooComplex));
                }
                pc += 1;
                continue 'forward;
            }
            // Something failed: revise the newest choice that has another way to go.
            while let Some(choice) = self.choices.last_mut() {
                if left == 0 {
                    pause!(State::BackingUp);
                }
                left -= 1;
                let repeat = |index: u32| pattern.repeats.get(index as usize);
                let retry = match pattern.ops.get(choice.pc as usize) {
                    Some(&Op::Longest(index)) => choice.shrink(subject, repeat(index), &mut left),
                    Some(&Op::Shortest(index)) => choice.grow(subject, repeat(index), &mut left),
                    _ => {
                        // An optional item: go on without it.
                        at = choice.at;
                        pc = choice.pc + 1;
                        depth = choice.depth;
                        self.choices.pop();
                        continue 'forward;
                    }
                };
                match retry {
                    Progress::Done(position) => {
                        at = position;
                        pc = choice.pc + 1;
                        depth = choice.depth + 1;
                        continue 'forward;
                    }
                    Progress::Failed => {
                        self.choices.pop();
                    }
                    Progress::Interrupted => pause!(State::BackingUp),
                }
            }
            // No choice is left: this start has failed.
            self.state = State::Searching;
            self.start = self.hopeless + 1;
            if pattern.anchored {
                *budget = left;
                return Outcome::Failed;
            }
            if left == 0 {
                *budget = 0;
                return Outcome::OutOfBudget;
            }
            if !self.search(subject, pattern, &mut left) {
                *budget = left;
                return if self.start > subject.len() {
                    Outcome::Failed
                } else {
                    Outcome::OutOfBudget
                };
            }
            at = self.at;
            pc = 0;
            depth = 1;
        }
    }
    /// `%b` from `at`. The closing bracket is looked for first, as it may equal the opening one.
    fn balance(
        &mut self,
        subject: &[u8],
        at: usize,
        (open, close): (u8, u8),
        left: &mut u64,
    ) -> Progress {
        if self.partial == 0 {
            if subject.get(at) != Some(&open) {
                return Progress::Failed;
            }
            self.partial = 1;
            self.nesting = 1;
        }
        let from = at + self.partial;
        let rest = subject.get(from..).unwrap_or_default();
        let window = window(rest, *left);
        for (index, &byte) in window.iter().enumerate() {
            if byte == close {
                self.nesting -= 1;
                if self.nesting == 0 {
                    self.partial = 0;
                    charge(left, index);
                    return Progress::Done(from + index + 1);
                }
            } else if byte == open {
                self.nesting += 1;
            }
        }
        charge(left, window.len());
        if window.len() < rest.len() {
            self.partial += window.len();
            return Progress::Interrupted;
        }
        self.partial = 0;
        Progress::Failed
    }
}

impl Choice {
    /// Gives back repetitions until the rest of the pattern could start.
    #[inline]
    fn shrink(&mut self, subject: &[u8], repeat: Option<&Repeat>, left: &mut u64) -> Progress {
        let (Some(repeat), Some(run)) = (repeat, subject.get(self.least..self.at)) else {
            return Progress::Failed;
        };
        let window = &run[run.len() - window(run, *left).len()..];
        let found = match repeat.follow_shape {
            Shape::Empty => None,
            Shape::All => window.len().checked_sub(1),
            Shape::One(byte) => memrchr(byte, window),
            Shape::AllBut(_) | Shape::Mixed => window
                .iter()
                .rposition(|&byte| repeat.follow.contains(byte)),
        };
        let tried = window.len() - found.unwrap_or(0);
        charge(left, tried);
        self.at -= tried;
        match found {
            Some(_) => Progress::Done(self.at),
            None if window.len() < run.len() => Progress::Interrupted,
            None => Progress::Failed,
        }
    }

    /// Takes more repetitions, one at least, until the rest of the pattern could start or the subject ends.
    #[inline]
    fn grow(&mut self, subject: &[u8], repeat: Option<&Repeat>, left: &mut u64) -> Progress {
        let (Some(repeat), Some((&first, rest))) =
            (repeat, subject.get(self.at..).and_then(<[u8]>::split_first))
        else {
            return Progress::Failed;
        };
        if !repeat.item.contains(first) {
            return Progress::Failed;
        }
        let window = window(rest, *left);
        let taken = if repeat.item_shape == Shape::All {
            find_member(window, &repeat.follow, repeat.follow_shape)
        } else {
            let end = |&byte: &u8| repeat.follow.contains(byte) || !repeat.item.contains(byte);
            window.iter().position(end)
        };
        charge(left, taken.unwrap_or(window.len()));
        match taken {
            Some(taken) => {
                self.at += 1 + taken;
                if repeat.follow.contains(window[taken]) {
                    Progress::Done(self.at)
                } else {
                    Progress::Failed
                }
            }
            None if window.len() < rest.len() => {
                // All of the window was taken; the byte after it is judged by the next step.
                self.at += window.len();
                Progress::Interrupted
            }
            None => {
                self.at += 1 + window.len();
                Progress::Done(self.at)
            }
        }
    }
}

/// Bytes a tight loop passes for one unit of budget, which is what an operation costs.
const BYTES_PER_UNIT: usize = 8;

/// As much of `rest` as a loop may pass with this budget; never nothing, so that each step gets ahead.
#[inline(always)]
fn window(rest: &[u8], budget: u64) -> &[u8] {
    let most = usize::try_from(budget)
        .unwrap_or(usize::MAX)
        .saturating_add(1)
        .saturating_mul(BYTES_PER_UNIT);
    &rest[..rest.len().min(most)]
}

#[inline(always)]
fn charge(budget: &mut u64, bytes: usize) {
    *budget = budget.saturating_sub((bytes / BYTES_PER_UNIT) as u64);
}

/// The first byte of `bytes` in `set`.
#[inline(always)]
fn find_member(bytes: &[u8], set: &CharSet, shape: Shape) -> Option<usize> {
    match shape {
        Shape::Empty => None,
        Shape::All => (!bytes.is_empty()).then_some(0),
        Shape::One(byte) => memchr(byte, bytes),
        Shape::AllBut(_) | Shape::Mixed => bytes.iter().position(|&byte| set.contains(byte)),
    }
}

/// How many bytes at the front of `bytes` the repeated item matches.
#[inline(always)]
fn run_length(bytes: &[u8], repeat: &Repeat) -> usize {
    let end = match repeat.item_shape {
        Shape::One(item) => bytes.iter().position(|&byte| byte != item),
        Shape::AllBut(other) => {
            // Most runs are shorter than the call to `memchr` is worth.
            let near = &bytes[..bytes.len().min(16)];
            match near.iter().position(|&byte| byte == other) {
                None => memchr(other, &bytes[near.len()..]).map(|far| near.len() + far),
                found => found,
            }
        }
        _ => bytes.iter().position(|&byte| !repeat.item.contains(byte)),
    };
    end.unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::pattern::Caret;

    /// Searches from `init` in steps of `slice` and shows position and captures.
    fn search(subject: &[u8], text: &[u8], init: usize, slice: u64) -> String {
        let pattern = Pattern::new(text, Caret::Anchor);
        let mut matcher = Matcher::new();
        matcher.begin(init);
        let (start, end) = loop {
            match matcher.step(subject, &pattern, &mut { slice }) {
                Outcome::Matched { start, end } => break (start, end),
                Outcome::Failed => return "nil".to_string(),
                Outcome::OutOfBudget => {}
                Outcome::Error(error) => return error.to_string(),
            }
        };
        let mut shown = format!("{} {}", start + 1, end);
        for index in 0..pattern.capture_count() {
            match matcher.capture(&pattern, index) {
                Ok(Capture::Span { start, end }) => {
                    let text = String::from_utf8_lossy(&subject[start..end]).into_owned();
                    shown += &format!(" {text:?}");
                }
                Ok(Capture::Position(position)) => shown += &format!(" {position}"),
                Err(error) => return error.to_string(),
            }
        }
        shown
    }

    fn find(subject: &str, pattern: &str) -> String {
        let whole = search(subject.as_bytes(), pattern.as_bytes(), 0, u64::MAX);
        for slice in [1, 2, 3, 7] {
            let sliced = search(subject.as_bytes(), pattern.as_bytes(), 0, slice);
            assert_eq!(sliced, whole, "{pattern} in slices of {slice}");
        }
        whole
    }

    #[test]
    fn items_and_quantifiers() {
        assert_eq!(find("hello world", "o w"), "5 7");
        assert_eq!(find("hello", "l+"), "3 4");
        assert_eq!(find("hello", "xl*"), "nil");
        assert_eq!(find("hello", "l-o"), "3 5");
        assert_eq!(find("hello", "hel?l?l?o"), "1 5");
        assert_eq!(find("a.b", "%."), "2 2");
        assert_eq!(find("a]b", "[]]"), "2 2");
        assert_eq!(find("a-b", "[a%-]+"), "1 2");
        assert_eq!(find("abc", "[^a-b]"), "3 3");
        assert_eq!(find("a\0b", "%z"), "2 2");
        assert_eq!(find("a\0b", "a.b"), "1 3");
        assert_eq!(find("abc", "a\0x"), "1 1");
        assert_eq!(find("aaa", "a-$"), "1 3");
        assert_eq!(find("", ".-"), "1 0");
        assert_eq!(find("a$b", "a$b"), "1 3");
        assert_eq!(find("x^", "x^"), "1 2");
        assert_eq!(find("ab12", "^%a+%d+$"), "1 4");
        assert_eq!(find("-ab12", "^%a+%d+$"), "nil");
    }

    #[test]
    fn captures() {
        assert_eq!(
            find("key = value", "(%w+)%s*=%s*(%w+)"),
            "1 11 \"key\" \"value\""
        );
        assert_eq!(find("  trim  ", "^%s*(.-)%s*$"), "1 8 \"trim\"");
        assert_eq!(find("hello", "()ll()"), "3 4 3 5");
        assert_eq!(find("abab", "(ab)%1"), "1 4 \"ab\"");
        assert_eq!(find("\"it's\"", "([\"'])(.-)%1"), "1 6 \"\\\"\" \"it's\"");
        assert_eq!(find("/usr/lib/x.lua", "([^/]*)$"), "10 14 \"x.lua\"");
        assert_eq!(
            find("/usr/lib/x.lua", "(.*)/(.*)%.(%w+)"),
            "1 14 \"/usr/lib\" \"x\" \"lua\""
        );
        assert_eq!(find("abc", "((a)(b))"), "1 2 \"ab\" \"a\" \"b\"");
        assert_eq!(find("aXb", "()%1"), "nil");
    }

    #[test]
    fn balance_and_frontier() {
        assert_eq!(find("f(a(b)c)d)", "%b()"), "2 8");
        assert_eq!(find("((a)", "%b()"), "2 4");
        assert_eq!(find("||", "%b||"), "1 2");
        assert_eq!(find("THE (quick) fox", "%f[%a]%a+%f[%A]"), "1 3");
        assert_eq!(find("foo.bar", "%f[%w]%w+%f[%z]"), "5 7");
        assert_eq!(search(b"foo bar", b"%f[%w]%w+", 1, 9), "5 7");
    }

    #[test]
    fn errors_come_when_a_match_gets_there() {
        assert_eq!(find("a", "%"), "malformed pattern (ends with '%')");
        assert_eq!(find("a", "[a"), "malformed pattern (missing ']')");
        assert_eq!(find("a", "[]"), "malformed pattern (missing ']')");
        assert_eq!(find("a", "[%"), "malformed pattern (missing ']')");
        assert_eq!(find("a", "%f"), "missing '[' after '%f' in pattern");
        assert_eq!(find("a", "%f[a"), "malformed pattern (missing ']')");
        assert_eq!(find("a", "%ba"), "unbalanced pattern");
        assert_eq!(find("a", "(a"), "unfinished capture");
        assert_eq!(find("a", "a)"), "invalid pattern capture");
        assert_eq!(find("a", "%1"), "invalid capture index");
        assert_eq!(find("a", "(%1)"), "invalid capture index");
        assert_eq!(find("a", "%0"), "invalid capture index");
        assert_eq!(find("a", "x%"), "nil");
        assert_eq!(find("a", &"(a?)".repeat(33)), "too many captures");
    }

    #[test]
    fn luajits_depth_limit() {
        let subject = "a".repeat(300);
        assert_eq!(find("", &"a*".repeat(199)), "1 0");
        assert_eq!(find("", &"a*".repeat(200)), "pattern too complex");
        assert_eq!(find("", &"a-".repeat(200)), "pattern too complex");
        assert_eq!(find(&subject, &"a?".repeat(199)), "1 199");
        assert_eq!(find(&subject, &"a?".repeat(200)), "pattern too complex");
        assert_eq!(find("", &"a?".repeat(1000)), "1 0");
    }

    #[test]
    fn a_catastrophic_pattern_runs_out_of_budget() {
        let pattern = Pattern::new(&b"a*".repeat(30), Caret::Anchor);
        let slow = Pattern::new(&[b"a*".repeat(30), b"b".to_vec()].concat(), Caret::Anchor);
        let subject = b"a".repeat(1000);
        let mut matcher = Matcher::new();
        matcher.begin(0);
        for _ in 0..100 {
            let mut budget = 10_000;
            let outcome = matcher.step(&subject, &slow, &mut budget);
            assert_eq!((outcome, budget), (Outcome::OutOfBudget, 0));
        }
        // The matcher can be put to other work at any time.
        matcher.begin(0);
        let outcome = matcher.step(&subject, &pattern, &mut 10_000);
        assert_eq!(
            outcome,
            Outcome::Matched {
                start: 0,
                end: 1000
            }
        );
    }

    #[test]
    fn a_search_beyond_the_subject_fails() {
        assert_eq!(search(b"abc", b"", 3, 9), "4 3");
        assert_eq!(search(b"abc", b"", 4, 9), "nil");
        assert_eq!(search(b"abc", b"a", usize::MAX, 9), "nil");
        let mut matcher = Matcher::new();
        assert_eq!(
            matcher.step(b"abc", &Pattern::default(), &mut 0),
            Outcome::OutOfBudget
        );
    }

    #[test]
    fn other_arguments_between_steps_do_no_harm() {
        let long = Pattern::new(b"(a-)%1(b*)b%bxyz*$", Caret::Anchor);
        let short = Pattern::new(b"c", Caret::Anchor);
        let mut matcher = Matcher::new();
        for round in 0u64..2000 {
            if round % 37 == 0 {
                matcher.begin(round as usize % 5);
            }
            let subject: &[u8] =
                [&b"aaaabbbbxxyz"[..], b"ab", b"", b"cccaaaaaaaaaaaaaaa"][round as usize % 4];
            let pattern = if round % 3 == 0 { &short } else { &long };
            matcher.step(subject, pattern, &mut (1 + round % 5));
        }
    }
}
