//! Arithmetic on numbers, and the conversions between numbers and strings.

use gc_arena::Gc;

use crate::bytecode::opcode::Op;
use crate::compiler::number::string_to_number;
use crate::context::Context;
use crate::string::LuaString;
use crate::text::decimal::number_to_string;
use crate::value::Value;
use crate::vm::Metamethod;

/// Lua's `%`: the result has the sign of the divisor.
#[inline(always)]
pub(crate) fn modulo(a: f64, b: f64) -> f64 {
    a - (a / b).floor() * b
}

/// Converts a number or a string that reads as one, as arithmetic does.
#[inline]
pub(crate) fn to_number(value: Value<'_>) -> Option<f64> {
    if let Some(number) = value.as_number() {
        return Some(number);
    }
    string_to_number(value.as_string()?.as_bytes())
}

/// Converts a string or number to a string, as concatenation does.
#[inline]
pub(crate) fn to_string<'gc>(ctx: Context<'gc>, value: Value<'gc>) -> Option<Gc<'gc, LuaString>> {
    if let Some(string) = value.as_string() {
        return Some(string);
    }
    Some(ctx.string(&*number_to_string(value.as_number()?)))
}

/// Returns the event of an arithmetic instruction.
pub(crate) fn event_of(op: Op) -> Metamethod {
    match op {
        Op::ADDVN | Op::ADDNV | Op::ADDVV => Metamethod::Add,
        Op::SUBVN | Op::SUBNV | Op::SUBVV => Metamethod::Sub,
        Op::MULVN | Op::MULNV | Op::MULVV => Metamethod::Mul,
        Op::DIVVN | Op::DIVNV | Op::DIVVV => Metamethod::Div,
        Op::MODVN | Op::MODNV | Op::MODVV => Metamethod::Mod,
        Op::UNM => Metamethod::Unm,
        _ => Metamethod::Pow,
    }
}

/// Computes an arithmetic event on numbers.
pub(crate) fn compute(event: Metamethod, a: f64, b: f64) -> f64 {
    match event {
        Metamethod::Add => a + b,
        Metamethod::Sub => a - b,
        Metamethod::Mul => a * b,
        Metamethod::Div => a / b,
        Metamethod::Mod => modulo(a, b),
        Metamethod::Unm => -a,
        _ => a.powf(b),
    }
}
