//! Rewrites functions of a sandbox before they run on main, so that the functions which they create
//! there take part in the exchange too: they run parked, like the one that has created them.
//!
//! LuaJIT tells nobody that a closure was made. So each `FNEW` of a replica's code makes two: the
//! function itself, in a register of its own, and an envelope around it, which goes where the
//! function would have gone. The envelope is the only one that user code meets, so identity holds;
//! it has the function's place (file, lines) and calls, as its tail, `guard(function, keep, …)` of
//! `support.lua`. The wrappers of `support.lua` have the same shape.
//!
//! ```text
//! FNEW A, f        FNEW b, f'     ; b is a register more than the function had
//!                  FNEW A, e      ; upvalues of e: guard, register b, keep
//!                  UCLO b, next   ; the next f' needs another variable
//! ```
//!
//! `guard` and `keep` are two more upvalues of every function that creates others, the outermost of
//! which get theirs from `instantiate.rs`. The envelope says in instructions that never run which
//! function it is of, so that what is sent to a sandbox is the original code.
//!
//! The same pass adds what notes writes to tables, see `writes.rs`.
//!
//! Pure: from bytes to bytes.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use interpreter::bytecode::opcode::{self, JUMP_BIAS, Op, Operand};
use interpreter::bytecode::{
    Constant, Lines, Names, Origin, Template, UpvalueSource, Variable, Variables, dump, flags,
};

use crate::dump::Dump;
use crate::writes::{Places, Writes, notes_before};

/// LuaJIT's largest frame.
const MAX_FRAME: u8 = 249;
/// The most upvalues that the count's byte can say.
const MAX_UPVALUES: usize = 255;
/// How many bits of a number one operand holds; a signed 16-bit literal has that many to spare.
const DIGIT_BITS: u32 = 15;
const DIGIT_MASK: u32 = (1 << DIGIT_BITS) - 1;

/// Upvalues of envelopes and wrappers, the last two of all. No other function of three upvalues has
/// the guard as its first.
pub(crate) const GUARD: i32 = 1;
pub(crate) const FUNCTION: i32 = 2;
pub(crate) const KEEP: i32 = 3;

/// A function as a sandbox knows it: where its code lies in a dump.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) dump: Rc<Dump>,
    pub(crate) range: Range<usize>,
}

/// The upvalues that a rewritten function has behind its own, counted from 0.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Added {
    /// `guard`, and behind it `keep`.
    pub(crate) guard: Option<u16>,
    pub(crate) notes: Option<u16>,
    pub(crate) calls: Option<u16>,
    count: u16,
}

impl Added {
    /// Returns what a function needs.
    fn to(function: &Template, writes: &Writes, with_notes: bool) -> Added {
        let mut added = Added::default();
        let mut give = |number: u16| {
            let place = function.upvalues.len() as u16 + added.count;
            added.count += number;
            place
        };
        let (notes, calls) = match with_notes {
            true => writes.notes(),
            false => (false, false),
        };
        let guard = (function.flags & flags::CHILD != 0).then(|| give(2));
        let notes = notes.then(|| give(1));
        let calls = calls.then(|| give(1));
        Added {
            guard,
            notes,
            calls,
            ..added
        }
    }

    /// Returns where a function inside this one finds what it needs, in the order of its upvalues.
    fn sources(self, inner: Added) -> Option<Vec<UpvalueSource>> {
        let mut sources = Vec::new();
        if inner.guard.is_some() {
            sources.extend([self.guard?, self.guard? + 1]);
        }
        if inner.notes.is_some() {
            sources.push(self.notes?);
        }
        if inner.calls.is_some() {
            sources.push(self.calls?);
        }
        Some(sources.into_iter().map(UpvalueSource).collect())
    }
}

/// A function before it runs on main.
#[derive(Debug)]
pub(crate) struct Code {
    /// A dump of the rewritten function; nothing if the original does.
    pub(crate) dump: Option<Rc<[u8]>>,
    /// The number of the original.
    pub(crate) place: u32,
    pub(crate) added: Added,
    pub(crate) writes: Writes,
}

/// All code that was rewritten, and what it was made of.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    /// By address and range of the original.
    by_place: HashMap<(usize, usize, usize), Rc<Code>>,
    /// The functions that were rewritten or have envelopes, by number.
    places: Vec<Place>,
}

impl Rewritten {
    /// Returns what has become of a function's code.
    ///
    /// The dump must live as long as this, which those in `Codes` do.
    pub(crate) fn code(&mut self, dump: &Rc<Dump>, range: &Range<usize>) -> Rc<Code> {
        let key = (Rc::as_ptr(dump) as usize, range.start, range.end);
        if let Some(code) = self.by_place.get(&key) {
            return Rc::clone(code);
        }
        let rewritten = self
            .rewrite(dump, range, true)
            .or_else(|| self.rewrite(dump, range, false));
        let code = Rc::new(rewritten.unwrap_or_else(|| Code {
            dump: None,
            place: 0,
            added: Added::default(),
            writes: Writes::unknown(),
        }));
        self.by_place.insert(key, Rc::clone(&code));
        code
    }

    /// Returns a function by its number.
    pub(crate) fn place(&self, number: u32) -> Option<&Place> {
        self.places.get(number as usize)
    }

    fn rewrite(
        &mut self,
        whole: &Rc<Dump>,
        range: &Range<usize>,
        with_notes: bool,
    ) -> Option<Code> {
        let bytes: Rc<[u8]> = dump::slice(&whole.bytes, range.clone()).into();
        // The header of the slice is that of the whole.
        let shift = range.start as isize - whole.header as isize;
        let root = dump::read(bytes).ok()?;
        let writes = match with_notes {
            true => Writes::of(&root),
            false => Writes::unknown(),
        };
        let known = self.places.len();
        let place = self.give_number(Rc::clone(whole), range.clone())?;
        let Some((rewritten, added)) = self.function(&root, whole, shift, with_notes) else {
            self.places.truncate(known);
            return None;
        };
        let changed = || dump::write(&rewritten, root.debug.is_none()).into();
        Some(Code {
            dump: (added.count > 0).then(changed),
            place,
            added,
            writes,
        })
    }

    fn give_number(&mut self, dump: Rc<Dump>, range: Range<usize>) -> Option<u32> {
        let number = u32::try_from(self.places.len()).ok()?;
        self.places.push(Place { dump, range });
        Some(number)
    }

    /// Rewrites a function and those inside it; returns also what it needs.
    fn function(
        &mut self,
        original: &Template,
        whole: &Rc<Dump>,
        shift: isize,
        with_notes: bool,
    ) -> Option<(Template, Added)> {
        let mut function = original.clone();
        let added = Added::to(original, &Writes::of(original), with_notes);
        if added.count == 0 {
            return Some((function, added));
        }
        let register = original.frame_size;
        let upvalues = original.upvalues.len() + usize::from(added.count);
        if register >= MAX_FRAME || upvalues > MAX_UPVALUES {
            return None;
        }
        function.frame_size += 1;
        // Bound to the outermost function by hand; inside it they come from the function around.
        function.upvalues.resize(upvalues, UpvalueSource(0));
        let before = match added.calls {
            Some(calls) => notes_before(
                original,
                Places {
                    register,
                    notes: added.notes.unwrap_or_default() as u8,
                    calls: calls as u8,
                },
            )?,
            None => vec![Vec::new(); original.code.len()],
        };

        let mut code = Vec::with_capacity(original.code.len() + 8);
        // New positions of the old instructions with what comes before them, and of the end.
        let mut moved = Vec::with_capacity(original.code.len() + 1);
        for (word, before) in original.code.words().zip(&before) {
            moved.push(code.len());
            code.extend(before);
            if Op::of(word)? != Op::FNEW {
                code.push(word);
                continue;
            }
            let index = opcode::d(word);
            let Some(Constant::Child(child)) = original.constants.get(index) else {
                return None;
            };
            let (mut inner, needs) = self.function(child, whole, shift, with_notes)?;
            inner.upvalues.truncate(child.upvalues.len());
            inner.upvalues.extend(added.sources(needs)?);
            let guard = added.guard?;
            let envelope =
                self.envelope(child, whole, shift, [register.into(), guard, guard + 1])?;
            function.constants[index] = Constant::Child(Rc::new(inner));
            let place = u16::try_from(function.constants.len()).ok()?;
            function.constants.push(Constant::Child(Rc::new(envelope)));
            code.push(opcode::pack_ad(Op::FNEW, register, index as u16));
            code.push(opcode::pack_ad(Op::FNEW, opcode::a(word) as u8, place));
            code.push(opcode::pack_ad(Op::UCLO, register, JUMP_BIAS as u16));
        }
        moved.push(code.len());
        mend_jumps(original, &before, &moved, &mut code)?;
        function.code = code.into();
        if let (Some(debug), Some(old)) = (&mut function.debug, &original.debug) {
            let lines = (0..original.code.len())
                .flat_map(|at| std::iter::repeat_n(old.lines.get(at), moved[at + 1] - moved[at]));
            debug.lines = Lines::new(lines.map(Option::unwrap_or_default));
            let extra = [
                added.guard.map(|_| &b"(guard)"[..]),
                added.guard.map(|_| &b"(keep)"[..]),
                added.notes.map(|_| &b"(notes)"[..]),
                added.calls.map(|_| &b"(calls)"[..]),
            ];
            let extra = extra.into_iter().flatten();
            let names: Vec<&[u8]> = old.upvalue_names.iter().chain(extra).collect();
            debug.upvalue_names = Names::new(names.into_iter());
            // Positions count from the header that stands before the first instruction.
            let shifted = |position: u32| {
                let at = (position as usize).saturating_sub(1).min(moved.len() - 1);
                moved[at] as u32 + u32::from(position > 0)
            };
            let variables: Vec<Variable<'_>> = old.variables.iter().collect();
            debug.variables = Variables::new(variables.iter().map(|variable| Variable {
                name: variable.name,
                start: shifted(variable.start),
                end: shifted(variable.end),
            }));
        }
        Some((function, added))
    }

    /// Makes the envelope of a function, with the sources of its three upvalues.
    fn envelope(
        &mut self,
        child: &Template,
        whole: &Rc<Dump>,
        shift: isize,
        [register, guard, keep]: [u16; 3],
    ) -> Option<Template> {
        let Origin::Dump { range, .. } = &child.origin else {
            return None;
        };
        let range = range.start.checked_add_signed(shift)?..range.end.checked_add_signed(shift)?;
        let number = self.give_number(Rc::clone(whole), range)?;
        let sources = [guard, UpvalueSource::LOCAL | register, keep];
        // A call's arguments begin two registers above the function.
        let code = [
            opcode::pack_ad(Op::UGET, 0, 0),
            opcode::pack_ad(Op::UGET, 2, 1),
            opcode::pack_ad(Op::UGET, 3, 2),
            opcode::pack_abc(Op::VARG, 4, 0, 0),
            opcode::pack_ad(Op::CALLMT, 0, 2),
            opcode::pack_ad(Op::KSHORT, 0, u16::try_from(number >> DIGIT_BITS).ok()?),
            opcode::pack_ad(Op::KSHORT, 0, (number & DIGIT_MASK) as u16),
        ];
        let mut envelope = Template {
            flags: flags::VARARG,
            num_params: 0,
            frame_size: 5,
            code: code.into_iter().collect(),
            upvalues: sources.map(UpvalueSource).to_vec(),
            constants: Vec::new(),
            numbers: Vec::new(),
            first_line: child.first_line,
            num_lines: child.num_lines,
            debug: child.debug.clone(),
            chunk_name: child.chunk_name.clone(),
            origin: child.origin.clone(),
        };
        if let Some(debug) = &mut envelope.debug {
            debug.lines = Lines::new(std::iter::repeat_n(child.first_line, code.len()));
            let names = [&b"(guard)"[..], b"(function)", b"(keep)"];
            debug.upvalue_names = Names::new(names.into_iter());
            debug.variables = Variables::default();
        }
        Some(envelope)
    }
}

/// Returns the number of the function that an envelope is of, from a dump of the envelope; nothing
/// if that is a wrapper.
pub(crate) fn number_in(envelope: Vec<u8>) -> Option<u32> {
    let envelope = dump::read(envelope.into()).ok()?;
    let words: Vec<u32> = envelope.code.words().collect();
    let [.., high, low] = words[..] else {
        return None;
    };
    let is_digit = |word| Op::of(word) == Some(Op::KSHORT);
    let number = (opcode::d(high) as u32) << DIGIT_BITS | opcode::d(low) as u32;
    (is_digit(high) && is_digit(low)).then_some(number)
}

/// Has each jump lead where it did; nothing if a distance does not fit any more.
fn mend_jumps(
    original: &Template,
    before: &[Vec<u32>],
    moved: &[usize],
    code: &mut [u32],
) -> Option<()> {
    for (at, word) in original.code.words().enumerate() {
        let op = Op::of(word)?;
        if op.shape().cd != Operand::Jump {
            continue;
        }
        let target = (at + 1).checked_add_signed(opcode::jump(word))?;
        let place = moved[at] + before[at].len();
        let from = place as isize + 1;
        let distance = *moved.get(target)? as isize - from + JUMP_BIAS as isize;
        let distance = u16::try_from(distance).ok()?;
        code[place] = opcode::pack_ad(op, opcode::a(word) as u8, distance);
    }
    Some(())
}
