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
//! Pure: from bytes to bytes.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use interpreter::bytecode::opcode::{self, JUMP_BIAS, Op, Operand};
use interpreter::bytecode::{
    Constant, Lines, Names, Origin, Template, UpvalueSource, Variable, Variables, dump, flags,
};

use crate::dump::Dump;

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

/// A rewritten function.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    /// A dump of it.
    pub(crate) dump: Rc<[u8]>,
    /// The number of the original.
    pub(crate) place: u32,
}

/// All code that was rewritten, and what it was made of.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    /// Dumps by address and range of the original; nothing for what cannot be rewritten.
    by_place: HashMap<(usize, usize, usize), Option<Code>>,
    /// The functions that were rewritten or have envelopes, by number.
    places: Vec<Place>,
}

impl Rewritten {
    /// Returns a function's code rewritten, a dump; nothing if it creates no functions or cannot be.
    ///
    /// The dump must live as long as this, which those in `Codes` do.
    pub(crate) fn code(&mut self, dump: &Rc<Dump>, range: &Range<usize>) -> Option<Code> {
        let key = (Rc::as_ptr(dump) as usize, range.start, range.end);
        if let Some(code) = self.by_place.get(&key) {
            return code.clone();
        }
        let code = self.rewrite(dump, range);
        self.by_place.insert(key, code.clone());
        code
    }

    /// Returns a function by its number.
    pub(crate) fn place(&self, number: u32) -> Option<&Place> {
        self.places.get(number as usize)
    }

    fn rewrite(&mut self, whole: &Rc<Dump>, range: &Range<usize>) -> Option<Code> {
        let bytes: Rc<[u8]> = dump::slice(&whole.bytes, range.clone()).into();
        // The header of the slice is that of the whole.
        let shift = range.start as isize - whole.header as isize;
        let root = dump::read(bytes).ok()?;
        if root.flags & flags::CHILD == 0 {
            return None;
        }
        let known = self.places.len();
        let place = self.give_number(Rc::clone(whole), range.clone())?;
        let Some(rewritten) = self.function(&root, whole, shift) else {
            self.places.truncate(known);
            return None;
        };
        let dump = dump::write(&rewritten, root.debug.is_none()).into();
        Some(Code { dump, place })
    }

    fn give_number(&mut self, dump: Rc<Dump>, range: Range<usize>) -> Option<u32> {
        let number = u32::try_from(self.places.len()).ok()?;
        self.places.push(Place { dump, range });
        Some(number)
    }

    /// Rewrites a function and those inside it.
    fn function(
        &mut self,
        original: &Template,
        whole: &Rc<Dump>,
        shift: isize,
    ) -> Option<Template> {
        let mut function = original.clone();
        if original.flags & flags::CHILD == 0 {
            return Some(function);
        }
        let register = original.frame_size;
        if register >= MAX_FRAME || original.upvalues.len() + 2 > MAX_UPVALUES {
            return None;
        }
        function.frame_size += 1;
        let guard = original.upvalues.len() as u16;
        let keep = guard + 1;
        // Bound to the outermost function by hand; inside it they come from the function around.
        function.upvalues.extend([UpvalueSource(0); 2]);

        let mut code = Vec::with_capacity(original.code.len() + 8);
        // New positions of the old instructions, and of the end.
        let mut moved = Vec::with_capacity(original.code.len() + 1);
        for word in original.code.words() {
            moved.push(code.len());
            if Op::of(word)? != Op::FNEW {
                code.push(word);
                continue;
            }
            let index = opcode::d(word);
            let Some(Constant::Child(child)) = original.constants.get(index) else {
                return None;
            };
            let mut inner = self.function(child, whole, shift)?;
            if inner.upvalues.len() > child.upvalues.len() {
                let first = child.upvalues.len();
                inner.upvalues[first] = UpvalueSource(guard);
                inner.upvalues[first + 1] = UpvalueSource(keep);
            }
            let envelope = self.envelope(child, whole, shift, [register.into(), guard, keep])?;
            function.constants[index] = Constant::Child(Rc::new(inner));
            let place = u16::try_from(function.constants.len()).ok()?;
            function.constants.push(Constant::Child(Rc::new(envelope)));
            code.push(opcode::pack_ad(Op::FNEW, register, index as u16));
            code.push(opcode::pack_ad(Op::FNEW, opcode::a(word) as u8, place));
            code.push(opcode::pack_ad(Op::UCLO, register, JUMP_BIAS as u16));
        }
        moved.push(code.len());
        mend_jumps(original, &moved, &mut code)?;
        function.code = code.into();
        if let (Some(debug), Some(old)) = (&mut function.debug, &original.debug) {
            let lines = (0..original.code.len())
                .flat_map(|at| std::iter::repeat_n(old.lines.get(at), moved[at + 1] - moved[at]));
            debug.lines = Lines::new(lines.map(Option::unwrap_or_default));
            let extra = [&b"(guard)"[..], b"(keep)"];
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
        Some(function)
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
fn mend_jumps(original: &Template, moved: &[usize], code: &mut [u32]) -> Option<()> {
    for (at, word) in original.code.words().enumerate() {
        let op = Op::of(word)?;
        if op.shape().cd != Operand::Jump {
            continue;
        }
        let target = (at + 1).checked_add_signed(opcode::jump(word))?;
        let from = moved[at] as isize + 1;
        let distance = *moved.get(target)? as isize - from + JUMP_BIAS as isize;
        let distance = u16::try_from(distance).ok()?;
        code[moved[at]] = opcode::pack_ad(op, opcode::a(word) as u8, distance);
    }
    Some(())
}
