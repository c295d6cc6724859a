//! The library `bit`: operations on 32-bit integers, and on boxed 64-bit ones, converted and returned as in
//! LuaJIT.

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::Error;
use crate::integer::{Integer, Operand};

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let library = ctx.table();
    ctx.register(
        library,
        &[
            ("arshift", |call| {
                shift(call, |x, by| x >> by, |x, by| (x as i64 >> by) as u64)
            }),
            ("band", |call| fold(call, |a, b| a & b, |a, b| a & b)),
            ("bnot", |call| unary(call, |x| !x, |x| !x)),
            ("bor", |call| fold(call, |a, b| a | b, |a, b| a | b)),
            ("bswap", |call| {
                unary(call, i32::swap_bytes, u64::swap_bytes)
            }),
            ("bxor", |call| fold(call, |a, b| a ^ b, |a, b| a ^ b)),
            ("lshift", |call| {
                shift(call, |x, by| x << by, |x, by| x << by)
            }),
            ("rol", |call| {
                shift(call, i32::rotate_left, u64::rotate_left)
            }),
            ("ror", |call| {
                shift(call, i32::rotate_right, u64::rotate_right)
            }),
            ("rshift", |call| {
                shift(call, |x, by| (x as u32 >> by) as i32, |x, by| x >> by)
            }),
            ("tobit", |call| {
                let bits = low_bits(call, 1)?;
                call.ret(f64::from(bits))
            }),
            ("tohex", tohex),
        ],
    )?;
    ctx.set_field(ctx.globals(), "bit", library)
}

/// An operand: 32 bits of a number, or a 64-bit integer.
enum Bits {
    Narrow(i32),
    Wide(Integer),
}

/// Returns argument `n`; a number modulo 2^32, rounded to the nearest integer, to the even one when in between.
#[inline(always)]
fn check_bits<'gc>(call: &Call<'gc>, n: usize) -> Result<Bits, Error<'gc>> {
    match call.arg(n).as_number() {
        Some(number) => Ok(Bits::Narrow(narrow(number))),
        None => check_other(call, n),
    }
}

/// Adding 2^52 + 2^51 leaves the integer in the low bits of the mantissa; for numbers beyond ±2^51 the
/// result is as arbitrary as LuaJIT's (`lj_num2bit`), and the same.
#[inline(always)]
fn narrow(number: f64) -> i32 {
    (number + 6_755_399_441_055_744.0).to_bits() as i32
}

#[inline(never)]
fn check_other<'gc>(call: &Call<'gc>, n: usize) -> Result<Bits, Error<'gc>> {
    match call.arg(n).as_cdata() {
        Some(cdata) => Ok(Bits::Wide(cdata.integer())),
        None => Ok(Bits::Narrow(narrow(call.check_number(n)?))),
    }
}

/// Returns the low 32 bits of argument `n`.
#[inline(always)]
fn low_bits<'gc>(call: &Call<'gc>, n: usize) -> Result<i32, Error<'gc>> {
    Ok(match check_bits(call, n)? {
        Bits::Narrow(bits) => bits,
        Bits::Wide(integer) => integer.bits() as i32,
    })
}

/// Returns an integer of the same type as another.
fn ret_wide<'gc>(call: &Call<'gc>, like: Integer, bits: u64) -> NativeResult<'gc> {
    let is_unsigned = matches!(like, Integer::Unsigned(_));
    call.ret(call.integer(Integer::from_bits(bits, is_unsigned)))
}

#[inline(always)]
fn unary<'gc>(
    call: &Call<'gc>,
    operate: impl Fn(i32) -> i32,
    operate_wide: impl Fn(u64) -> u64,
) -> NativeResult<'gc> {
    match check_bits(call, 1)? {
        Bits::Narrow(bits) => call.ret(f64::from(operate(bits))),
        Bits::Wide(integer) => ret_wide(call, integer, operate_wide(integer.bits())),
    }
}

#[inline(always)]
fn fold<'gc>(
    call: &Call<'gc>,
    combine: impl Fn(i32, i32) -> i32,
    combine_wide: impl Fn(u64, u64) -> u64,
) -> NativeResult<'gc> {
    let Bits::Narrow(mut bits) = check_bits(call, 1)? else {
        return fold_wide(call, combine_wide);
    };
    for n in 2..=call.arg_count() {
        match check_bits(call, n)? {
            Bits::Narrow(next) => bits = combine(bits, next),
            Bits::Wide(_) => return fold_wide(call, combine_wide),
        }
    }
    call.ret(f64::from(bits))
}

/// Combines arguments of which one is a 64-bit integer: the others are converted to its type, unsigned if
/// any is.
#[inline(never)]
fn fold_wide<'gc>(call: &Call<'gc>, combine: impl Fn(u64, u64) -> u64) -> NativeResult<'gc> {
    let mut is_unsigned = false;
    for n in 1..=call.arg_count() {
        if let Bits::Wide(integer) = check_bits(call, n)? {
            is_unsigned |= matches!(integer, Integer::Unsigned(_));
        }
    }
    let operand = |n| -> Result<u64, Error<'gc>> {
        Ok(match call.arg(n).as_cdata() {
            Some(cdata) => cdata.integer().bits(),
            None => Operand::Number(call.check_number(n)?).bits(is_unsigned),
        })
    };
    let mut bits = operand(1)?;
    for n in 2..=call.arg_count() {
        bits = combine(bits, operand(n)?);
    }
    call.ret(call.integer(Integer::from_bits(bits, is_unsigned)))
}

/// Shifts and rotates by the low five bits of argument 2, or six.
#[inline(always)]
fn shift<'gc>(
    call: &Call<'gc>,
    operate: impl Fn(i32, u32) -> i32,
    operate_wide: impl Fn(u64, u32) -> u64,
) -> NativeResult<'gc> {
    let bits = check_bits(call, 1)?;
    let by = low_bits(call, 2)?;
    match bits {
        Bits::Narrow(bits) => call.ret(f64::from(operate(bits, (by & 31) as u32))),
        Bits::Wide(integer) => {
            let bits = operate_wide(integer.bits(), (by & 63) as u32);
            ret_wide(call, integer, bits)
        }
    }
}

fn tohex<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (bits, all) = match check_bits(call, 1)? {
        Bits::Narrow(bits) => (u64::from(bits as u32), 8),
        Bits::Wide(integer) => (integer.bits(), 16),
    };
    let digits = if call.arg_count() < 2 {
        all
    } else {
        low_bits(call, 2)?
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
