//! The module `string.buffer`: growing byte strings, and LuaJIT's serialization of plain values.
//!
//! A buffer is a userdata around a byte vector that is charged to the heap. What would hand out addresses
//! (`reserve`, `commit`, `ref`, `putcdata`) needs the ffi library and raises an error.

mod decode;
mod encode;
mod putf;

use gc_arena::Gc;

use crate::call::{Call, NativeResult, to_int};
use crate::context::Context;
use crate::error::Error;
use crate::heap::MAX_STRING;
use crate::stdlib::buffer::Charge;
use crate::string::LuaString;
use crate::table::Table;
use crate::text::decimal::append_number;
use crate::userdata::Userdata;
use crate::value::Value;
use crate::vm::Metamethod;

use decode::decode;

/// Nesting of tables that both directions of the serialization refuse (`LJ_SERIALIZE_DEPTH`).
const MAX_DEPTH: usize = 100;

/// Room that the text of any number fits in.
const NUMBER_ROOM: usize = 64;

/// First bytes of serialized values (`lj_serialize.c`, in the order of its enumeration).
mod tag {
    pub(super) const NIL: u32 = 0x00;
    pub(super) const FALSE: u32 = 0x01;
    pub(super) const TRUE: u32 = 0x02;
    /// A light userdata: the null pointer, or one of 32 bits.
    pub(super) const NULL: u32 = 0x03;
    pub(super) const LIGHT32: u32 = 0x04;
    pub(super) const LIGHT64: u32 = 0x05;
    pub(super) const INT: u32 = 0x06;
    pub(super) const NUMBER: u32 = 0x07;
    /// Plus 1 with a hash part; plus 2 with an array part that starts at key 0, plus 4 at key 1.
    pub(super) const TABLE: u32 = 0x08;
    pub(super) const METATABLE: u32 = 0x0e;
    pub(super) const DICTIONARY: u32 = 0x0f;
    /// 64-bit integers.
    pub(super) const INT64: u32 = 0x10;
    pub(super) const UINT64: u32 = 0x11;
    /// Plus the length.
    pub(super) const STRING: u32 = 0x20;
}

/// Opens the module: the loader of `require "string.buffer"`.
pub(super) fn open<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let methods = call.table();
    call.register(
        methods,
        &[
            ("put", put),
            ("putf", putf::putf),
            ("putcdata", |call| Err(needs_ffi(call, "putcdata"))),
            ("set", set),
            ("reset", reset),
            ("free", free),
            ("get", get),
            ("skip", skip),
            ("tostring", to_string),
            ("commit", |call| Err(needs_ffi(call, "commit"))),
            ("reserve", |call| Err(needs_ffi(call, "reserve"))),
            ("ref", |call| Err(needs_ffi(call, "ref"))),
            ("encode", encode::method),
            ("decode", decode_method),
            ("__tostring", to_string),
            ("__len", len),
            // For those who call it: a buffer that is collected needs no help.
            ("__gc", |call| free(call).and_then(|_| call.ret0())),
        ],
    )?;
    call.set_field(methods, "__index", methods)?;
    call.set_field(methods, "__metatable", call.string("buffer"))?;
    let library = call.table();
    call.set_field(library, "new", call.native("new", new, &[methods.into()]))?;
    call.register(
        library,
        &[("encode", encode::function), ("decode", decode_function)],
    )?;
    call.ret(library)
}

/// The contents of a buffer: what was put and not yet taken.
#[derive(Debug, Default)]
struct StringBuffer {
    bytes: Vec<u8>,
    /// Bytes at the front that were taken.
    taken: usize,
    charge: Charge,
}

impl StringBuffer {
    fn contents(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    /// Makes room for `more` bytes, or raises the error that there is none.
    fn reserve<'gc>(&mut self, ctx: Context<'gc>, more: usize) -> Result<(), Error<'gc>> {
        let capacity = self.bytes.capacity();
        if more <= capacity - self.bytes.len() {
            return Ok(());
        }
        // Moved down only when that gains enough to pay for the move.
        if self.taken > capacity / 8 {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        let needed = self.bytes.len().saturating_add(more);
        if needed > capacity {
            if needed > MAX_STRING {
                ctx.check_room(needed)?;
            }
            ctx.check_room(needed.max(2 * capacity) - capacity)?;
            self.bytes.reserve(more);
            self.charge.raise_to(ctx, self.bytes.capacity());
        }
        Ok(())
    }

    fn append<'gc>(&mut self, ctx: Context<'gc>, bytes: &[u8]) -> Result<(), Error<'gc>> {
        self.reserve(ctx, bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes up to `count` bytes from the front.
    fn take(&mut self, count: usize) {
        self.taken += count.min(self.contents().len());
        if self.taken == self.bytes.len() {
            self.bytes.clear();
            self.taken = 0;
        }
    }

    fn free(&mut self, ctx: Context<'_>) {
        self.bytes = Vec::new();
        self.taken = 0;
        self.charge.release(ctx);
    }
}

/// The tables that the `options` of a buffer named, to shorten what is serialized.
#[derive(Debug, Clone, Copy, Default)]
struct Dictionaries<'gc> {
    /// Strings that stand for keys, from 1; and the number of each.
    strings: Option<(Gc<'gc, Table<'gc>>, Gc<'gc, Table<'gc>>)>,
    /// Metatables that are restored, from 1; and the number of each.
    metatables: Option<(Gc<'gc, Table<'gc>>, Gc<'gc, Table<'gc>>)>,
}

impl<'gc> Dictionaries<'gc> {
    /// Reads what `new` has attached to a buffer.
    fn of(buffer: Gc<'gc, Userdata<'gc>>) -> Dictionaries<'gc> {
        let Some(attached) = buffer.attached().as_table() else {
            return Dictionaries::default();
        };
        let part = |index: f64| attached.get(Value::number(index)).as_table();
        Dictionaries {
            strings: part(1.0).zip(part(2.0)),
            metatables: part(3.0).zip(part(4.0)),
        }
    }
}

/// Returns the value as a buffer.
fn as_buffer<'gc>(value: Value<'gc>) -> Option<Gc<'gc, Userdata<'gc>>> {
    value
        .as_userdata()
        .filter(|userdata| userdata.is::<StringBuffer>())
}

/// Gives the contents of a value that is a buffer to `visit`, which must not call into Lua; `None` for others.
pub(crate) fn with_contents<R>(value: Value<'_>, visit: impl FnOnce(&[u8]) -> R) -> Option<R> {
    as_buffer(value).map(|buffer| with(buffer, |buffer| visit(buffer.contents())))
}

/// Returns the buffer whose method is called.
fn check_buffer<'gc>(call: &Call<'gc>) -> Result<Gc<'gc, Userdata<'gc>>, Error<'gc>> {
    as_buffer(call.arg(1)).ok_or_else(|| call.type_error(1, "buffer"))
}

/// Gives access to a buffer's contents; `visit` must not call into Lua.
fn with<'gc, R>(buffer: Gc<'gc, Userdata<'gc>>, visit: impl FnOnce(&mut StringBuffer) -> R) -> R {
    let mut data = buffer.data().borrow_mut();
    visit(
        data.downcast_mut::<StringBuffer>()
            .expect("checked by `as_buffer`"),
    )
}

/// Returns argument `n` as a number of bytes (`lj_lib_checkintrange`): strings are not converted.
fn check_size<'gc>(call: &Call<'gc>, n: usize) -> Result<usize, Error<'gc>> {
    let size = if let Some(number) = call.arg(n).as_number() {
        usize::try_from(to_int(number)).ok()
    } else if let Some(cdata) = call.arg(n).as_cdata() {
        usize::try_from(cdata.integer().bits()).ok()
    } else {
        return Err(call.type_error(n, "number"));
    };
    size.filter(|&size| size <= MAX_STRING)
        .ok_or_else(|| call.arg_error(n, "number out of range"))
}

/// Returns argument `n`, which must be a string: numbers are not converted.
fn check_bytes<'gc>(call: &Call<'gc>, n: usize) -> Result<Gc<'gc, LuaString>, Error<'gc>> {
    call.arg(n)
        .as_string()
        .ok_or_else(|| call.type_error(n, "string"))
}

fn needs_ffi<'gc>(call: &Call<'gc>, method: &str) -> Error<'gc> {
    call.error(format!(
        "'{method}' of a buffer needs the ffi library, which a sandbox does not have"
    ))
}

/// Returns the buffer, for calls in a chain.
fn chain<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    call.ret(call.arg(1))
}

fn new<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let mut size = 0;
    let mut options = 1;
    if call.arg_count() > 0 && call.arg(1).as_table().is_none() {
        options = 2;
        if !call.arg(1).is_nil() {
            size = check_size(call, 1)?;
        }
    }
    let mut buffer = StringBuffer::default();
    let mut attached = Value::NIL;
    if call.arg_count() >= options {
        let options = call.check_table(options)?;
        let dictionaries = call.table();
        for (index, name) in [(1.0, "dict"), (3.0, "metatable")] {
            if let Some(entries) = options.get(call.string(name).into()).as_table() {
                call.set(dictionaries, index, entries)?;
                call.set(
                    dictionaries,
                    index + 1.0,
                    number_entries(call, entries, index == 1.0)?,
                )?;
            }
        }
        attached = dictionaries.into();
    }
    buffer.reserve(call.ctx, size)?;
    let userdata = call.userdata(Box::new(buffer));
    Userdata::set_metatable(userdata, call.mutation(), call.value(0).as_table());
    Userdata::attach(userdata, call.mutation(), attached);
    call.ret(userdata)
}

/// Returns a table from the entries of a dictionary to their numbers, from 0; false takes a number only.
fn number_entries<'gc>(
    call: &Call<'gc>,
    entries: Gc<'gc, Table<'gc>>,
    strings: bool,
) -> Result<Gc<'gc, Table<'gc>>, Error<'gc>> {
    let count = entries.length();
    call.burn(count as usize);
    let numbers = call.table();
    for number in 0..count {
        let entry = entries.get(Value::number(f64::from(number + 1)));
        let fits = if strings {
            entry.as_string().is_some()
        } else {
            entry.as_table().is_some()
        };
        if !fits {
            // What was taken out leaves the numbers of the others as they were.
            if !entry.is_truthy() {
                continue;
            }
            return Err(call.error("bad options table"));
        }
        if numbers.get(entry).is_nil() {
            call.set(numbers, entry, f64::from(number))?;
        }
    }
    Ok(numbers)
}

fn put<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    check_buffer(call)?;
    put_from(call, call.arg_count(), 2, false)
}

/// Puts the arguments from `n` to `count`; `converted` tells that argument `n` is what a handler returned.
fn put_from<'gc>(
    call: &Call<'gc>,
    count: usize,
    first: usize,
    converted: bool,
) -> NativeResult<'gc> {
    let ctx = call.ctx;
    let buffer = check_buffer(call)?;
    for n in first..=count {
        let value = call.arg(n);
        if put_text(call, buffer, value, n)? {
            continue;
        }
        let handler = ctx.vm.handler_of(value, Metamethod::ToString);
        if handler.is_nil() || (converted && n == first) {
            return Err(call.type_error(n, "string/number/__tostring"));
        }
        call.keep(count)?;
        call.push(Value::number(n as f64))?;
        return call.invoke(handler, &[value], |call| {
            let result = call.result(1);
            let count = call.arg_count() - 1;
            let n = call.arg(count + 1).as_number().expect("pushed by put") as usize;
            call.keep(count)?;
            call.set_arg(n, result);
            put_from(call, count, n, true)
        });
    }
    chain(call)
}

/// Puts a string, a number or the contents of another buffer; returns false for other values.
fn put_text<'gc>(
    call: &Call<'gc>,
    buffer: Gc<'gc, Userdata<'gc>>,
    value: Value<'gc>,
    n: usize,
) -> Result<bool, Error<'gc>> {
    let ctx = call.ctx;
    if let Some(string) = value.as_string() {
        call.burn(string.len() / 64);
        with(buffer, |buffer| buffer.append(ctx, string.as_bytes()))?;
    } else if let Some(number) = value.as_number() {
        with(buffer, |buffer| {
            buffer.reserve(ctx, NUMBER_ROOM)?;
            append_number(&mut buffer.bytes, number);
            Ok::<(), Error<'gc>>(())
        })?;
    } else if let Some(other) = as_buffer(value) {
        if Gc::ptr_eq(buffer, other) {
            return Err(call.arg_error(n, "cannot put buffer into itself"));
        }
        with(other, |other| {
            call.burn(other.contents().len() / 64);
            with(buffer, |buffer| buffer.append(ctx, other.contents()))
        })?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn set<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let buffer = check_buffer(call)?;
    if let Some(cdata) = call.arg(2).as_cdata() {
        let from = cdata.integer().type_name();
        return Err(call.arg_error(2, format!("cannot convert '{from}' to 'const void *'")));
    }
    let string = check_bytes(call, 2)?;
    call.burn(string.len() / 64);
    with(buffer, |buffer| {
        buffer.free(call.ctx);
        buffer.append(call.ctx, string.as_bytes())
    })?;
    chain(call)
}

fn reset<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    with(check_buffer(call)?, |buffer| buffer.take(usize::MAX));
    chain(call)
}

fn free<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    with(check_buffer(call)?, |buffer| buffer.free(call.ctx));
    chain(call)
}

fn skip<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let buffer = check_buffer(call)?;
    let count = check_size(call, 2)?;
    with(buffer, |buffer| buffer.take(count));
    chain(call)
}

fn get<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let buffer = check_buffer(call)?;
    // Without an argument it is `get(nil)`: everything.
    let count = call.arg_count().max(2);
    call.reserve(count)?;
    for n in 2..=count {
        let size = if call.arg(n).is_nil() {
            MAX_STRING
        } else {
            check_size(call, n)?
        };
        let string = with(buffer, |buffer| {
            let contents = buffer.contents();
            let string = call.checked_string(&contents[..size.min(contents.len())]);
            if string.is_ok() {
                buffer.take(size);
            }
            string
        })?;
        call.burn(string.len() / 64);
        call.push(string.into())?;
    }
    call.ret_top(count - 1)
}

fn contents<'gc>(
    call: &Call<'gc>,
    buffer: Gc<'gc, Userdata<'gc>>,
) -> Result<Gc<'gc, LuaString>, Error<'gc>> {
    with(buffer, |buffer| {
        call.burn(buffer.contents().len() / 64);
        call.checked_string(buffer.contents())
    })
}

fn to_string<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    call.ret(contents(call, check_buffer(call)?)?)
}

fn len<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let len = with(check_buffer(call)?, |buffer| buffer.contents().len());
    call.ret(len as f64)
}

/// `buffer.decode(string)`
fn decode_function<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let string = check_bytes(call, 1)?;
    let (value, used) = decode(call.ctx, Dictionaries::default(), string.as_bytes())
        .map_err(|error| error.raise(call))?;
    call.burn(used / 4);
    if used < string.len() {
        return Err(call.error("left-over data in buffer"));
    }
    call.ret(value)
}

/// `buffer:decode()`
fn decode_method<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let userdata = check_buffer(call)?;
    let dictionaries = Dictionaries::of(userdata);
    let value = with(userdata, |buffer| {
        let (value, used) = decode(call.ctx, dictionaries, buffer.contents())?;
        call.burn(used / 4);
        buffer.take(used);
        Ok(value)
    });
    call.ret(value.map_err(|error: decode::DecodeError<'_>| error.raise(call))?)
}
