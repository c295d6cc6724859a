//! Names for error messages: where a frame is, what its function is called, what a register holds.
//!
//! The rules are LuaJIT's (`lj_debug.c`), so that messages agree word for word.

use gc_arena::Gc;

use crate::bytecode::opcode::{self, Op, Operand};
use crate::call::Call;
use crate::compiler::chunk_display;
use crate::coroutine::Coroutine;
use crate::function::{Instruction, Prototype};
use crate::vm::{Metamethod, arithmetic};

/// What a name is: the word that messages put in front of it.
pub(crate) type Kind = &'static str;

/// Returns the name of the local variable in a register at the instruction before the one at `index`; at 0,
/// where a function has been called but not begun, the parameters are there.
pub(crate) fn variable_before(
    prototype: &Prototype<'_>,
    index: usize,
    slot: usize,
) -> Option<Vec<u8>> {
    let position = index as u32;
    let mut slot = slot;
    for variable in prototype.template.debug.as_ref()?.variables.iter() {
        if variable.start > position {
            break;
        }
        if position < variable.end {
            if slot == 0 {
                return Some(variable.name.to_vec());
            }
            slot -= 1;
        }
    }
    None
}

fn string_constant(prototype: &Prototype<'_>, operand: usize) -> Vec<u8> {
    prototype
        .constant(operand)
        .as_string()
        .map_or_else(Vec::new, |s| s.as_bytes().to_vec())
}

/// Says where the value in a register came from, looking back from an instruction.
pub(crate) fn register(
    prototype: &Prototype<'_>,
    index: usize,
    slot: usize,
) -> Option<(Kind, Vec<u8>)> {
    let code = &prototype.template.code;
    let (mut index, mut slot) = (index, slot);
    'restart: loop {
        if let Some(name) = variable_before(prototype, index + 1, slot) {
            return Some(("local", name));
        }
        while index > 0 {
            index -= 1;
            let word = code.at(index);
            let op = Op::of(word)?;
            let a = opcode::a(word);
            match op.shape().a {
                Operand::Base if slot >= a && (op != Op::KNIL || slot <= opcode::d(word)) => {
                    return None;
                }
                Operand::Dst if a == slot => {
                    return match op {
                        Op::MOV => {
                            slot = opcode::d(word);
                            continue 'restart;
                        }
                        Op::GGET => Some(("global", string_constant(prototype, opcode::d(word)))),
                        Op::TGETS => {
                            let name = string_constant(prototype, opcode::c(word));
                            let is_method = index > 0 && {
                                let before = code.at(index - 1);
                                Op::of(before) == Some(Op::MOV)
                                    && opcode::a(before) == a + 2
                                    && opcode::d(before) == opcode::b(word)
                            };
                            Some((if is_method { "method" } else { "field" }, name))
                        }
                        Op::UGET => {
                            // In a stripped function they have no names, but count as upvalues.
                            let name = match &prototype.template.debug {
                                Some(debug) => debug.upvalue_names.get(opcode::d(word))?.to_vec(),
                                None => Vec::new(),
                            };
                            Some(("upvalue", name))
                        }
                        _ => None,
                    };
                }
                _ => {}
            }
        }
        return None;
    }
}

/// Returns what the instruction before `pc` calls its callee.
pub(crate) fn callee(prototype: &Prototype<'_>, pc: *const Instruction) -> Option<(Kind, Vec<u8>)> {
    let index = prototype.index_of(pc).checked_sub(1)?;
    let word = prototype.template.code.get(index)?;
    let event = match Op::of(word)? {
        Op::CALL | Op::CALLM | Op::CALLT | Op::CALLMT => {
            return register(prototype, index, opcode::a(word));
        }
        Op::ITERC | Op::ITERN => return register(prototype, index, opcode::a(word) - 3),
        Op::ISLT | Op::ISGE => Metamethod::Lt,
        Op::ISLE | Op::ISGT => Metamethod::Le,
        op if (Op::ISEQV..=Op::ISNEP).contains(&op) => Metamethod::Eq,
        Op::TGETV | Op::TGETS | Op::TGETB | Op::GGET => Metamethod::Index,
        Op::TSETV | Op::TSETS | Op::TSETB | Op::GSET => Metamethod::NewIndex,
        Op::CAT => Metamethod::Concat,
        Op::LEN => Metamethod::Len,
        // Finalizers run where something was allocated.
        Op::TNEW | Op::TDUP | Op::FNEW => Metamethod::Gc,
        op if (Op::UNM..=Op::POW).contains(&op) => arithmetic::event_of(op),
        _ => return None,
    };
    Some(("metamethod", event.name().as_bytes().to_vec()))
}

/// Returns what the caller of the frame at `base` calls its function.
pub(crate) fn function_name<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    base: usize,
) -> Option<(Kind, Vec<u8>)> {
    let (caller, pc) = coroutine.caller(base)?;
    let prototype = coroutine.function_at(caller)?.prototype()?;
    if pc.is_null() {
        None
    } else {
        callee(prototype, pc)
    }
}

/// Returns whether a function is the main one of its chunk; a stripped one does not tell.
pub(crate) fn is_main(prototype: &Prototype<'_>) -> bool {
    prototype.template.first_line == 0 && prototype.template.num_lines != 0
}

/// Returns the line at which a frame is, given the address of its next instruction: where the function is
/// defined, when that is its first, and 0 in a stripped function.
pub(crate) fn line_at(prototype: &Prototype<'_>, pc: *const Instruction) -> Option<u32> {
    match prototype.index_of(pc).checked_sub(1) {
        _ if prototype.template.debug.is_none() => Some(0),
        Some(index) => prototype.line_of(index),
        None => Some(prototype.template.first_line),
    }
}

/// Returns `file:line: ` for the frame `level` calls above the one at `base`; empty for native frames.
pub(crate) fn position<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    base: usize,
    level: usize,
) -> Vec<u8> {
    match frame(coroutine, base, level) {
        Some((base, pc)) => position_at(coroutine, base, pc),
        None => Vec::new(),
    }
}

/// Returns `file:line: ` for a frame and the address of its next instruction.
pub(crate) fn position_at<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    base: usize,
    pc: *const Instruction,
) -> Vec<u8> {
    let prototype = coroutine.function_at(base).and_then(|f| f.prototype());
    let Some(prototype) = prototype.filter(|_| !pc.is_null()) else {
        return Vec::new();
    };
    let Some(line) = line_at(prototype, pc) else {
        return Vec::new();
    };
    let mut text = chunk_display(&prototype.template.chunk_name);
    text.extend_from_slice(format!(":{line}: ").as_bytes());
    text
}

/// Returns base and next instruction of the frame `level` calls above the one at `base`.
pub(crate) fn frame<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    base: usize,
    level: usize,
) -> Option<(usize, *const Instruction)> {
    if coroutine.is_unstarted() {
        return None;
    }
    let mut current = (base, coroutine.pc.get());
    // A continuation frame that only waits to be continued has no function and counts for nothing.
    while coroutine.function_at(current.0).is_none() {
        current = coroutine.caller(current.0)?;
    }
    for _ in 0..level {
        current = frame_above(coroutine, current)?;
    }
    Some(current)
}

/// Words the error about argument `n` of a native function.
pub(crate) fn bad_argument(call: &Call<'_>, n: usize, message: &[u8]) -> Vec<u8> {
    let name = function_name(call.coroutine, call.base);
    let (is_method, name) = match name {
        Some((kind, name)) => (kind == "method", name),
        None => (false, b"?".to_vec()),
    };
    let mut text = Vec::new();
    if is_method && n == 1 {
        text.extend_from_slice(b"calling '");
        text.extend_from_slice(&name);
        text.extend_from_slice(b"' on bad self (");
    } else {
        let n = if is_method { n - 1 } else { n };
        text.extend_from_slice(format!("bad argument #{n} to '").as_bytes());
        text.extend_from_slice(&name);
        text.extend_from_slice(b"' (");
    }
    text.extend_from_slice(message);
    text.push(b')');
    text
}

/// Returns the next frame above one, leaving out those that only wait to be continued.
pub(crate) fn frame_above<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    frame: (usize, *const Instruction),
) -> Option<(usize, *const Instruction)> {
    let mut next = coroutine.caller(frame.0)?;
    while coroutine.function_at(next.0).is_none() {
        next = coroutine.caller(next.0)?;
    }
    Some(next)
}
