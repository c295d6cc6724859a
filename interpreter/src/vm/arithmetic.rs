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
    match (natural(a), natural(b)) {
        // The division of small integers takes a third of the time, and the result is the same.
        (Some(a), Some(b)) if b != 0 => i64::from(a % b) as f64,
        _ => a - floor(a / b) * b,
    }
}

/// Returns the number as an unsigned integer of 32 bits if it is one; -0 counts as 0.
#[inline(always)]
fn natural(n: f64) -> Option<u32> {
    #[cfg(target_arch = "x86_64")]
    let whole = {
        use std::arch::x86_64::{_mm_cvttsd_si64, _mm_set_sd};
        // One instruction; `as` adds five to saturate.
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_cvttsd_si64(_mm_set_sd(n)) }
    };
    #[cfg(not(target_arch = "x86_64"))]
    let whole = n as i64;
    if whole as f64 == n {
        u32::try_from(whole).ok()
    } else {
        None
    }
}

/// Rounds down without a call into the C library, which is what `f64::floor` is on a plain x86-64.
#[inline(always)]
pub(crate) fn floor(n: f64) -> f64 {
    if n.abs() < 4_503_599_627_370_496.0 {
        // SAFETY: smaller than 2^52, hence in range and not a NaN.
        let truncated = unsafe { n.to_int_unchecked::<i64>() } as f64;
        let rounded = if truncated > n {
            truncated - 1.0
        } else {
            truncated
        };
        // Zero keeps the sign that it had.
        rounded.copysign(n)
    } else {
        n
    }
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
