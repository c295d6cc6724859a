//! `debug.sethook` and `debug.gethook`. There is one hook for all coroutines, as in LuaJIT.

use crate::call::{Call, NativeResult};
use crate::value::Value;
use crate::vm::hook::mask;

/// The letters of a mask, in the order in which `gethook` gives them.
const LETTERS: [(u8, u8); 3] = [(b'c', mask::CALL), (b'r', mask::RETURN), (b'l', mask::LINE)];

pub(super) fn gethook<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (function, events, count) = call.ctx.vm.hooks.get();
    let letters: Vec<u8> = LETTERS
        .iter()
        .filter(|(_, event)| events & event != 0)
        .map(|&(letter, _)| letter)
        .collect();
    call.ret_all(&[
        function.map_or(Value::NIL, Value::from),
        call.string(letters).into(),
        Value::number(f64::from(count)),
    ])
}

pub(super) fn sethook<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    // The coroutine that may come first makes no difference.
    let skip = usize::from(call.arg(1).as_coroutine().is_some());
    let hooks = &call.ctx.vm.hooks;
    if call.arg(skip + 1).is_nil() {
        hooks.set(None, 0, 0);
        return call.switch();
    }
    let letters = call.check_string(skip + 2)?;
    let function = call.check_function(skip + 1)?;
    let count = call.opt_int(skip + 3, 0)?;
    let mut events = LETTERS
        .iter()
        .filter(|(letter, _)| letters.as_bytes().contains(letter))
        .fold(0, |events, (_, event)| events | event);
    if count > 0 {
        events |= mask::COUNT;
    }
    hooks.set(Some(function), events, count);
    call.switch()
}
