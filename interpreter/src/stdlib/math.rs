//! The library `math`, with LuaJIT's results for special values.
//!
//! Transcendental functions are the system's, as in LuaJIT. Random numbers come from the VM's generator.

use std::f64::consts;

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::Error;
use crate::text::random;
use crate::value::Value;
use crate::vm::Metamethod;
use crate::vm::arithmetic::floor;

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let library = ctx.table();
    ctx.register(
        library,
        &[
            ("abs", |call| unary(call, f64::abs)),
            ("acos", |call| unary(call, f64::acos)),
            ("asin", |call| unary(call, f64::asin)),
            ("atan", |call| unary(call, f64::atan)),
            ("atan2", |call| binary(call, f64::atan2)),
            ("ceil", |call| unary(call, |x| -floor(-x))),
            ("cos", |call| unary(call, f64::cos)),
            ("cosh", |call| unary(call, f64::cosh)),
            ("deg", |call| scaled(call, "deg", 57.29577951308232)),
            ("exp", |call| unary(call, f64::exp)),
            ("floor", |call| unary(call, floor)),
            ("fmod", |call| binary(call, |x, y| x % y)),
            ("frexp", frexp),
            ("ldexp", |call| binary(call, ldexp)),
            ("log", log),
            ("log10", |call| unary(call, f64::log10)),
            // What a comparison with NaN gives is what LuaJIT's `minsd` and `maxsd` give.
            ("max", |call| fold(call, |a, b| if a > b { a } else { b })),
            ("min", |call| fold(call, |a, b| if a < b { a } else { b })),
            ("modf", modf),
            ("pow", |call| binary(call, f64::powf)),
            ("rad", |call| scaled(call, "rad", 0.017453292519943295)),
            ("random", random),
            ("randomseed", randomseed),
            ("sin", |call| unary(call, f64::sin)),
            ("sinh", |call| unary(call, f64::sinh)),
            ("sqrt", |call| unary(call, f64::sqrt)),
            ("tan", |call| unary(call, f64::tan)),
            ("tanh", |call| unary(call, f64::tanh)),
        ],
    )?;
    ctx.set_field(library, "pi", consts::PI)?;
    ctx.set_field(library, "huge", f64::INFINITY)?;
    ctx.set_field(ctx.globals(), "math", library)
}

#[inline(always)]
fn unary<'gc>(call: &Call<'gc>, function: impl Fn(f64) -> f64) -> NativeResult<'gc> {
    call.ret(function(call.check_number(1)?))
}

#[inline(always)]
fn binary<'gc>(call: &Call<'gc>, function: impl Fn(f64, f64) -> f64) -> NativeResult<'gc> {
    let x = call.check_number(1)?;
    call.ret(function(x, call.check_number(2)?))
}

#[inline(always)]
fn fold<'gc>(call: &Call<'gc>, choose: impl Fn(f64, f64) -> f64) -> NativeResult<'gc> {
    let mut chosen = call.check_number(1)?;
    for n in 2..=call.arg_count() {
        chosen = choose(chosen, call.check_number(n)?);
    }
    call.ret(chosen)
}

/// `math.deg` and `math.rad`, which in LuaJIT are Lua functions of one multiplication; it shows in errors.
fn scaled<'gc>(call: &Call<'gc>, name: &str, factor: f64) -> NativeResult<'gc> {
    let value = call.arg(1);
    if let Some(number) = crate::vm::arithmetic::to_number(value) {
        return call.ret(number * factor);
    }
    let handler = call.ctx.vm.handler_of(value, Metamethod::Mul);
    if !handler.is_nil() {
        return call.invoke(handler, &[value, Value::number(factor)], |call| {
            call.ret(call.result(1))
        });
    }
    let type_name = value.type_name();
    let place = format!("[builtin:{name}]:0");
    let message = format!("{place}: attempt to perform arithmetic on a {type_name} value");
    Err(call.string(message).into())
}

fn log<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let x = call.check_number(1)?;
    if call.arg_count() < 2 {
        return call.ret(x.ln());
    }
    // LuaJIT multiplies by the inverse, which is not always the same as to divide.
    let inverse = 1.0 / call.check_number(2)?.log2();
    call.ret(x.log2() * inverse)
}

fn modf<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let x = call.check_number(1)?;
    let whole = x.trunc();
    let fraction = if x.is_infinite() { 0.0 } else { x - whole };
    call.ret_all(&[whole.into(), fraction.copysign(x).into()])
}

fn frexp<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (mantissa, exponent) = split(call.check_number(1)?);
    call.ret_all(&[mantissa.into(), f64::from(exponent).into()])
}

/// Returns `m` in `0.5..1` (of the sign of `x`) and `e` with `x = m * 2^e`.
fn split(x: f64) -> (f64, i32) {
    const EXPONENT: u64 = 0x7ff << 52;
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (x, bias) = if x.is_normal() {
        (x, 1022)
    } else {
        (x * 2f64.powi(54), 1022 + 54)
    };
    let bits = x.to_bits();
    let exponent = ((bits & EXPONENT) >> 52) as i32;
    (
        f64::from_bits(bits & !EXPONENT | 1022 << 52),
        exponent - bias,
    )
}

/// `x * 2^exponent`, rounded once; the exponent is cut off to a whole number.
fn ldexp(x: f64, exponent: f64) -> f64 {
    // The processor's scaling instruction knows no result for these either.
    if (x == 0.0 && exponent == f64::INFINITY) || (x.is_infinite() && exponent == f64::NEG_INFINITY)
    {
        // The sign of the processor's, which serialized data shows.
        return -f64::NAN;
    }
    if exponent.is_nan() {
        return exponent;
    }
    // Steps whose results are exact, or which end in infinity or zero at any rate (musl's `scalbn`).
    let mut left = exponent.clamp(-10_000.0, 10_000.0) as i32;
    let mut y = x;
    let up = f64::from_bits((1023 + 1023) << 52);
    let down = f64::from_bits((1023 - 1022 + 53) << 52);
    for _ in 0..2 {
        if left > 1023 {
            y *= up;
            left -= 1023;
        } else if left < -1022 {
            // Keeps 53 bits above the subnormal range, so that only the last step rounds.
            y *= down;
            left += 1022 - 53;
        }
    }
    y * f64::from_bits(((1023 + left.clamp(-1022, 1023)) as u64) << 52)
}

fn random<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    // Before a look at the arguments: a wrong one uses up a number too.
    let number = call.vm.random.borrow_mut().next_double();
    call.ret(match call.arg_count() {
        0 => number,
        1 => random::up_to(number, call.check_number(1)?),
        _ => random::between(number, call.check_number(1)?, call.check_number(2)?),
    })
}

fn randomseed<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    // LuaJIT asks the system for a seed; what is random here must come from the environment.
    let seed = if call.arg_count() == 0 {
        call.vm.environment.time()
    } else {
        call.check_number(1)?
    };
    call.vm.random.borrow_mut().seed(seed);
    call.ret0()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ldexp_rounds_once() {
        assert_eq!(ldexp(1.0, -1074.0), 5e-324);
        assert_eq!(ldexp(1.5, -1075.0), 5e-324);
        assert_eq!(ldexp(1.0, -1076.0), 0.0);
        assert_eq!(ldexp(5e-324, 1074.0), 1.0);
        assert_eq!(ldexp(5e-324, 2097.0), 2f64.powi(1023));
        assert_eq!(ldexp(1.0, 1024.0), f64::INFINITY);
        assert_eq!(ldexp(1.0, 2.9), 4.0);
        assert_eq!(ldexp(1.0, f64::NEG_INFINITY), 0.0);
        assert!(ldexp(0.0, f64::INFINITY).is_nan());
        // Rounding in two steps would give the even neighbour.
        assert_eq!(ldexp(1.0 + 2f64.powi(-52), -1074.0 - 1.0), 5e-324);
    }

    #[test]
    fn split_reverses_ldexp() {
        for x in [1.0, -3.5, 5e-324, 1e300, 2f64.powi(-1022)] {
            let (mantissa, exponent) = split(x);
            assert!((0.5..1.0).contains(&mantissa.abs()));
            assert_eq!(ldexp(mantissa, f64::from(exponent)), x);
        }
        assert_eq!(split(10.0), (0.625, 4));
        assert_eq!(split(5e-324), (0.5, -1073));
    }
}
