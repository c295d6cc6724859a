//! The library `bit`: operations on 32-bit integers, converted and returned as in LuaJIT.

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::Error;

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let library = ctx.table();
    ctx.register(
        library,
        &[
            ("arshift", |call| shift(call, |x, by| x >> by)),
            ("band", |call| fold(call, |a, b| a & b)),
            ("bnot", |call| unary(call, |x| !x)),
            ("bor", |call| fold(call, |a, b| a | b)),
            ("bswap", |call| unary(call, i32::swap_bytes)),
            ("bxor", |call| fold(call, |a, b| a ^ b)),
            ("lshift", |call| shift(call, |x, by| x << by)),
            ("rol", |call| shift(call, i32::rotate_left)),
            ("ror", |call| shift(call, i32::rotate_right)),
            ("rshift", |call| {
                shift(call, |x, by| (x as u32 >> by) as i32)
            }),
            ("tobit", |call| unary(call, |x| x)),
            ("tohex", tohex),
        ],
    )?;
    ctx.set_field(ctx.globals(), "bit", library)
}

/// Returns argument `n` modulo 2^32: rounded to the nearest integer, to the even one when in between.
///
/// Adding 2^52 + 2^51 leaves the integer in the low bits of the mantissa; for numbers beyond ±2^51 the
/// result is as arbitrary as LuaJIT's (`lj_num2bit`), and the same.
#[inline(always)]
fn check_bits<'gc>(call: &Call<'gc>, n: usize) -> Result<i32, Error<'gc>> {
    let number = call.check_number(n)?;
    Ok((number + 6_755_399_441_055_744.0).to_bits() as i32)
}

#[inline(always)]
fn unary<'gc>(call: &Call<'gc>, operate: impl Fn(i32) -> i32) -> NativeResult<'gc> {
    call.ret(f64::from(operate(check_bits(call, 1)?)))
}

#[inline(always)]
fn fold<'gc>(call: &Call<'gc>, combine: impl Fn(i32, i32) -> i32) -> NativeResult<'gc> {
    let mut bits = check_bits(call, 1)?;
    for n in 2..=call.arg_count() {
        bits = combine(bits, check_bits(call, n)?);
    }
    call.ret(f64::from(bits))
}

/// Shifts and rotates by the low five bits of argument 2.
#[inline(always)]
fn shift<'gc>(call: &Call<'gc>, operate: impl Fn(i32, u32) -> i32) -> NativeResult<'gc> {
    let bits = check_bits(call, 1)?;
    let by = check_bits(call, 2)? & 31;
    call.ret(f64::from(operate(bits, by as u32)))
}

fn tohex<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let bits = u64::from(check_bits(call, 1)? as u32);
    let digits = if call.arg_count() < 2 {
        8
    } else {
        check_bits(call, 2)?
    };
    let alphabet = if digits < 0 {
        b"0123456789ABCDEF"
    } else {
        b"0123456789abcdef"
    };
    let count = digits.unsigned_abs().min(254) as usize;
    let mut text = [b'0'; 254];
    for (place, digit) in text[..count].iter_mut().rev().take(16).enumerate() {
        *digit = alphabet[(bits >> (4 * place) & 15) as usize];
    }
    call.ret(call.string(&text[..count]))
}
