//! The library `table`. Access is raw, as in LuaJIT.
//!
//! `foreach`, `foreachi`, `getn`, `remove` and `move` are Lua functions in LuaJIT; it shows where a missing
//! argument is reported as nil, and an index is cut off to a whole number only when it is used.

use gc_arena::Gc;

use crate::call::{Call, NativeResult, to_int};
use crate::context::Context;
use crate::error::Error;
use crate::stdlib::buffer::Buffer;
use crate::stdlib::sort::sort;
use crate::table::{Table, TableError};
use crate::text::decimal::append_number;
use crate::value::Value;

/// Elements that a loop handles between two looks at the fuel.
const CHUNK: u32 = 4096;

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let library = ctx.table();
    ctx.register(
        library,
        &[
            ("concat", concat),
            ("foreach", foreach),
            ("foreachi", foreachi),
            ("getn", getn),
            ("insert", insert),
            ("maxn", maxn),
            ("move", move_),
            ("remove", remove),
            ("sort", sort),
        ],
    )?;
    super::note_restartable(ctx, library, &["concat", "insert"]);
    ctx.set_field(ctx.globals(), "table", library)
}

/// The function that `require "table.new"` returns.
pub(crate) fn table_new<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let array = call.check_int(1)?;
    let hash = call.check_int(2)?;
    // LuaJIT's bounds; a negative size of the hash part is a large one there.
    if array > 1 << 27 || hash as u32 > 1 << 26 {
        return Err(call.table_error(TableError::Overflow));
    }
    let array = array.max(0) as usize;
    let hash = hash as usize;
    let bytes = array
        .saturating_mul(8)
        .saturating_add(hash.next_power_of_two().saturating_mul(24));
    call.check_room(bytes)?;
    call.burn((array + hash) / 64);
    call.ret(call.table_with_room(array, hash))
}

/// The function that `require "table.clear"` returns.
pub(crate) fn table_clear<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    call.burn(table.array_len() as usize / 64);
    table.clear();
    call.ret0()
}

/// The error about an argument of a function that LuaJIT has written in Lua.
#[cold]
fn parameter_error<'gc>(call: &Call<'gc>, n: usize, expected: &str) -> Error<'gc> {
    call.arg_error(
        n,
        format!("{expected} expected, got {}", call.arg(n).type_name()),
    )
}

fn table_parameter<'gc>(call: &Call<'gc>, n: usize) -> Result<Gc<'gc, Table<'gc>>, Error<'gc>> {
    call.arg(n)
        .as_table()
        .ok_or_else(|| parameter_error(call, n, "table"))
}

fn number_parameter<'gc>(call: &Call<'gc>, n: usize) -> Result<f64, Error<'gc>> {
    let value = call.arg(n);
    if let Some(number) = value.as_number() {
        return Ok(number);
    }
    crate::vm::arithmetic::to_number(value).ok_or_else(|| parameter_error(call, n, "number"))
}

fn set_index<'gc>(
    ctx: Context<'gc>,
    table: Gc<'gc, Table<'gc>>,
    index: i32,
    value: Value<'gc>,
) -> Result<(), Error<'gc>> {
    table
        .set_index(ctx.mc, &ctx.vm.heap, index as u32, value)
        .map_err(|error| ctx.table_error(error))
}

fn getn<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = table_parameter(call, 1)?;
    call.ret(f64::from(table.length()))
}

fn maxn<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    let mut max = 0.0;
    let mut entries = 0;
    table.for_each(|key, _| {
        entries += 1;
        if let Some(n) = key.as_number()
            && n > max
        {
            max = n;
        }
    });
    call.burn(entries);
    call.ret(max)
}

fn insert<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    let end = table.length() as i32 + 1;
    match call.arg_count() {
        2 => set_index(call.ctx, table, end, call.arg(2))?,
        3 => {
            let position = call.check_int(2)?;
            if end > position {
                return open_gap(call, table, end, position);
            }
            set_index(call.ctx, table, position, call.arg(3))?;
        }
        _ => return Err(call.error("wrong number of arguments to 'insert'")),
    }
    call.ret0()
}

/// Moves the elements from `position` to `end - 1` up by one, then puts argument 3 at `position`.
fn open_gap<'gc>(
    call: &Call<'gc>,
    table: Gc<'gc, Table<'gc>>,
    end: i32,
    position: i32,
) -> NativeResult<'gc> {
    let mut index = end;
    // Makes the array part grow if it must, and records the write.
    set_index(call.ctx, table, index, table.get_index((index - 1) as u32))?;
    index -= 1;
    while index > position {
        let stop = position.max(index.saturating_sub(CHUNK as i32));
        call.burn((index - stop) as usize / 4 + 1);
        while index > stop {
            let below = table.get_index((index - 1) as u32);
            if !table.move_to_slot(call.mutation(), index as u32, below) {
                set_index(call.ctx, table, index, below)?;
            }
            index -= 1;
        }
        if index > position && call.is_exhausted() {
            call.set_arg(2, Value::number(f64::from(position)));
            call.keep(3)?;
            call.push(Value::number(f64::from(index)))?;
            return call.again(continue_gap);
        }
    }
    set_index(call.ctx, table, position, call.arg(3))?;
    call.ret0()
}

fn continue_gap<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    let position = call.check_int(2)?;
    let index = call.check_int(4)?;
    open_gap(call, table, index, position)
}

fn remove<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = table_parameter(call, 1)?;
    let len = table.length() as i32;
    if call.arg(2).is_nil() {
        if len == 0 {
            return call.ret0();
        }
        let old = table.get_index(len as u32);
        set_index(call.ctx, table, len, Value::NIL)?;
        return call.ret(old);
    }
    let position = number_parameter(call, 2)?;
    if !(position >= 1.0 && position <= f64::from(len)) {
        return call.ret0();
    }
    // `for i = position + 1, len` may end one step early when the position is not whole.
    let first = position as i32;
    let last = first + (f64::from(len) - position) as i32;
    let old = table.get_index(first as u32);
    call.burn((last - first) as usize / 4);
    for index in first as u32..last as u32 {
        let above = table.get_index(index + 1);
        if !table.move_to_slot(call.mutation(), index, above) {
            set_index(call.ctx, table, index as i32, above)?;
        }
    }
    set_index(call.ctx, table, len, Value::NIL)?;
    call.ret(old)
}

fn move_<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let source = table_parameter(call, 1)?;
    let first = number_parameter(call, 2)?;
    let end = number_parameter(call, 3)?;
    let to = number_parameter(call, 4)?;
    let target = if call.arg(5).is_nil() {
        source
    } else {
        table_parameter(call, 5)?
    };
    if end >= first {
        let distance = to - first;
        let is_upward = to > end || to <= first || !Gc::ptr_eq(source, target);
        // What is left to do lies in own slots: source, next index, number of steps, distance, target, step.
        let steps = (end - first).floor() + 1.0;
        let (start, step) = if is_upward { (first, 1.0) } else { (end, -1.0) };
        call.keep(0)?;
        call.push(source.into())?;
        for number in [start, steps, distance] {
            call.push(Value::number(number))?;
        }
        call.push(target.into())?;
        call.push(Value::number(step))?;
        return run_move(call, (source, target), (start, steps, distance, step));
    }
    call.ret(target)
}

fn run_move<'gc>(
    call: &Call<'gc>,
    (source, target): (Gc<'gc, Table<'gc>>, Gc<'gc, Table<'gc>>),
    (mut index, mut steps, distance, step): (f64, f64, f64, f64),
) -> NativeResult<'gc> {
    loop {
        let chunk = steps.min(f64::from(CHUNK));
        for _ in 0..chunk as u32 {
            let value = source.get_index(to_int(index) as u32);
            set_index(call.ctx, target, to_int(index + distance), value)?;
            index += step;
        }
        steps -= chunk;
        if steps <= 0.0 {
            return call.ret(target);
        }
        call.burn(chunk as usize / 4);
        if call.is_exhausted() {
            call.keep(6)?;
            call.set_arg(2, Value::number(index));
            call.set_arg(3, Value::number(steps));
            return call.again(continue_move);
        }
    }
}

fn continue_move<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let (source, target) = (call.check_table(1)?, call.check_table(5)?);
    let (index, steps) = (call.check_number(2)?, call.check_number(3)?);
    run_move(
        call,
        (source, target),
        (index, steps, call.check_number(4)?, call.check_number(6)?),
    )
}

/// A concatenation that was interrupted.
#[derive(Debug, Default)]
struct Concat {
    buffer: Buffer,
    next: i32,
    end: i32,
}

fn concat<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    let separator = call.opt_string(2)?;
    let first = call.opt_int(3, 1)?;
    let end = if call.arg(4).is_nil() {
        table.length() as i32
    } else {
        call.check_int(4)?
    };
    if first >= end {
        // One string or none at all is its own concatenation.
        if first > end {
            return call.ret(call.string(b""));
        }
        if let Some(string) = table.get_index(first as u32).as_string() {
            return call.ret(string);
        }
    }
    let separator = separator.map_or(&b""[..], |s| Gc::as_ref(s).as_bytes());
    let state = Concat {
        buffer: Buffer::new(),
        next: first,
        end,
    };
    run_concat(call, table, separator, state)
}

fn run_concat<'gc>(
    call: &Call<'gc>,
    table: Gc<'gc, Table<'gc>>,
    separator: &[u8],
    mut state: Concat,
) -> NativeResult<'gc> {
    let ctx = call.ctx;
    let mut done = 0;
    loop {
        let value = table.get_index(state.next as u32);
        if let Some(string) = value.as_string() {
            state.buffer.append(ctx, string.as_bytes())?;
            done += string.len() / 64;
        } else if let Some(number) = value.as_number() {
            state.buffer.reserve(ctx, 32)?;
            append_number(state.buffer.bytes_mut(), number);
        } else {
            return Err(call.error(format!(
                "invalid value ({}) at index {} in table for 'concat'",
                value.type_name(),
                state.next
            )));
        }
        if state.next == state.end {
            call.burn(done);
            return call.ret(state.buffer.finish(ctx)?);
        }
        state.buffer.append(ctx, separator)?;
        state.next += 1;
        done += 1;
        if done >= CHUNK as usize {
            call.burn(done);
            done = 0;
            if call.is_exhausted() {
                state.buffer.account(ctx);
                call.keep(2)?;
                call.push(ctx.userdata(Box::new(state)).into())?;
                return call.again(continue_concat);
            }
        }
    }
}

fn continue_concat<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = call.check_table(1)?;
    let separator = call.opt_string(2)?;
    let state = take_state::<Concat>(call, 3);
    let separator = separator.map_or(&b""[..], |s| Gc::as_ref(s).as_bytes());
    run_concat(call, table, separator, state)
}

/// Takes the state of an interrupted function out of the userdata in an own slot.
pub(crate) fn take_state<T: Default + 'static>(call: &Call<'_>, slot: usize) -> T {
    let userdata = call
        .arg(slot)
        .as_userdata()
        .expect("the function put its state there");
    let mut data = userdata.data().borrow_mut();
    std::mem::take(
        data.downcast_mut::<T>()
            .expect("the function put its state there"),
    )
}

fn foreachi<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = table_parameter(call, 1)?;
    if call.arg(2).as_function().is_none() {
        return Err(parameter_error(call, 2, "function"));
    }
    call.keep(2)?;
    call.push(Value::number(0.0))?;
    call.push(Value::number(f64::from(table.length())))?;
    visit_index(call, table, call.arg(2), 1.0, f64::from(table.length()))
}

fn visit_index<'gc>(
    call: &Call<'gc>,
    table: Gc<'gc, Table<'gc>>,
    function: Value<'gc>,
    index: f64,
    len: f64,
) -> NativeResult<'gc> {
    if index > len {
        return call.ret0();
    }
    call.set_arg(3, Value::number(index));
    let value = table.get_index(index as u32);
    call.invoke(function, &[Value::number(index), value], after_index)
}

fn after_index<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let result = call.result(1);
    if !result.is_nil() {
        return call.ret(result);
    }
    call.keep(4)?;
    let index = call.check_number(3)? + 1.0;
    visit_index(
        call,
        call.check_table(1)?,
        call.arg(2),
        index,
        call.check_number(4)?,
    )
}

fn foreach<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let table = table_parameter(call, 1)?;
    if call.arg(2).as_function().is_none() {
        return Err(parameter_error(call, 2, "function"));
    }
    call.keep(2)?;
    call.push(Value::NIL)?;
    visit_key(call, table, call.arg(2), Value::NIL)
}

fn visit_key<'gc>(
    call: &Call<'gc>,
    table: Gc<'gc, Table<'gc>>,
    function: Value<'gc>,
    last: Value<'gc>,
) -> NativeResult<'gc> {
    match table.next(last).map_err(|error| call.table_error(error))? {
        None => call.ret0(),
        Some((key, value)) => {
            call.set_arg(3, key);
            call.invoke(function, &[key, value], after_key)
        }
    }
}

fn after_key<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let result = call.result(1);
    if !result.is_nil() {
        return call.ret(result);
    }
    call.keep(3)?;
    visit_key(call, call.check_table(1)?, call.arg(2), call.arg(3))
}
