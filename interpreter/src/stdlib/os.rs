//! The library `os`. What it says of the world and does to it goes through the VM's environment.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use gc_arena::Gc;

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::{Error, Interrupt};
use crate::stdlib::buffer::Buffer;
use crate::string::LuaString;
use crate::table::Table;
use crate::text::strftime::strftime;
use crate::text::time::{self, Fields};
use crate::value::Value;
use crate::vm::arithmetic;

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let library = ctx.table();
    ctx.register(
        library,
        &[
            ("clock", |call| call.ret(call.vm.environment.clock())),
            ("date", date),
            ("difftime", difftime),
            ("execute", execute),
            // The host goes on; only the program that asked ends.
            ("exit", exit),
            ("getenv", getenv),
            ("remove", remove),
            ("rename", rename),
            ("setlocale", setlocale),
            ("time", time),
            ("tmpname", tmpname),
        ],
    )?;
    ctx.set_field(ctx.globals(), "os", library)
}

/// Returns the bytes up to the first zero, which is where C's functions see a string end.
pub(super) fn c_string<'gc>(string: Gc<'gc, LuaString>) -> &'gc [u8] {
    let bytes = Gc::as_ref(string).as_bytes();
    match bytes.iter().position(|&byte| byte == 0) {
        Some(end) => &bytes[..end],
        None => bytes,
    }
}

fn path_of<'gc>(name: Gc<'gc, LuaString>) -> &'gc Path {
    Path::new(OsStr::from_bytes(c_string(name)))
}

/// Returns whether it was not the operating system but a policy that has refused.
pub(super) fn is_refused(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

/// Makes the error that a policy refuses the whole function.
pub(super) fn refusal<'gc>(call: &Call<'gc>, error: &io::Error) -> Error<'gc> {
    let name = call.function().native().map_or("?", |native| native.name);
    call.error(format!("'{name}' is {}", describe(error).0))
}

/// Returns what C says about an error, and its number.
pub(super) fn describe(error: &io::Error) -> (String, i32) {
    if is_refused(error)
        && let Some(reason) = error.get_ref()
    {
        return (reason.to_string(), 13);
    }
    let code = error.raw_os_error().unwrap_or(match error.kind() {
        io::ErrorKind::PermissionDenied => 13,
        io::ErrorKind::NotFound => 2,
        io::ErrorKind::InvalidInput => 22,
        io::ErrorKind::Unsupported => 38,
        _ => 5,
    });
    let mut text = io::Error::from_raw_os_error(code).to_string();
    // Rust adds the number.
    if let Some(end) = text.rfind(" (os error ") {
        text.truncate(end);
    }
    (text, code)
}

/// Returns true, or nil with a message and an error number (`luaL_fileresult`).
pub(super) fn return_outcome<'gc>(
    call: &Call<'gc>,
    outcome: io::Result<()>,
    name: Option<Gc<'gc, LuaString>>,
) -> NativeResult<'gc> {
    match outcome {
        Ok(()) => call.ret(true),
        Err(error) => {
            let (text, code) = describe(&error);
            let mut message = name.map_or_else(Vec::new, |name| {
                let mut message = c_string(name).to_vec();
                message.extend_from_slice(b": ");
                message
            });
            message.extend_from_slice(text.as_bytes());
            call.ret_all(&[
                Value::NIL,
                call.string(message).into(),
                Value::number(f64::from(code)),
            ])
        }
    }
}

/// Converts as the processor does for C: what does not fit is the least number.
pub(super) fn to_long(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

/// Returns the index of an option's name in a list (`lj_lib_checkopt`).
pub(super) fn check_option<'gc>(
    call: &Call<'gc>,
    n: usize,
    default: Option<usize>,
    names: &[&str],
) -> Result<usize, Error<'gc>> {
    let name = match default {
        Some(default) => match call.opt_string(n)? {
            Some(name) => name,
            None => return Ok(default),
        },
        None => call.check_string(n)?,
    };
    names
        .iter()
        .position(|known| known.as_bytes() == name.as_bytes())
        .ok_or_else(|| call.arg_error(n, [b"invalid option '", name.as_bytes(), b"'"].concat()))
}

fn execute<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let Some(command) = call.opt_string(1)? else {
        let has_shell = call.vm.environment.has_shell();
        return call.ret(f64::from(u8::from(has_shell)));
    };
    match call.vm.environment.execute(c_string(command)) {
        Ok(status) => call.ret(f64::from(status)),
        Err(error) if is_refused(&error) => Err(refusal(call, &error)),
        Err(_) => call.ret(-1.0),
    }
}

fn getenv<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let name = call.check_string(1)?;
    match call.vm.environment.variable(c_string(name)) {
        Some(value) => call.ret(call.checked_string(&value)?),
        None => call.ret(Value::NIL),
    }
}

fn remove<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let name = call.check_string(1)?;
    return_outcome(call, call.vm.environment.remove(path_of(name)), Some(name))
}

fn rename<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let from = call.check_string(1)?;
    let to = call.check_string(2)?;
    return_outcome(
        call,
        call.vm.environment.rename(path_of(from), path_of(to)),
        Some(from),
    )
}

fn tmpname<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    match call.vm.environment.temporary_file() {
        Ok(path) => call.ret(call.string(path.into_os_string().into_vec())),
        Err(_) => Err(call.error("unable to generate a unique filename")),
    }
}

fn setlocale<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    const CATEGORIES: [&str; 7] = [
        "ctype",
        "numeric",
        "time",
        "collate",
        "monetary",
        "messages\0",
        "all",
    ];
    let locale = call.opt_string(1)?;
    check_option(call, 2, Some(6), &CATEGORIES)?;
    match locale.map(c_string) {
        None | Some(b"" | b"C" | b"POSIX") => call.ret(call.string("C")),
        Some(_) => call.ret(Value::NIL),
    }
}

fn difftime<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    // In LuaJIT as compiled, the second argument is looked at first.
    let start = to_long(call.opt_number(2, 0.0)?);
    let end = to_long(call.check_number(1)?);
    // The difference of two times need not be one.
    call.ret((i128::from(end) - i128::from(start)) as f64)
}

fn date<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let ctx = call.ctx;
    let environment = &ctx.vm.environment;
    let format = call.opt_string(1)?;
    let format = format.map_or(&b"%c"[..], c_string);
    let moment = to_long(if call.arg(2).is_nil() {
        environment.time().floor()
    } else {
        call.check_number(2)?
    });
    let (format, date) = match format.strip_prefix(b"!") {
        Some(format) => (format, time::utc(moment)),
        None => (
            format,
            time::local(moment, |moment| environment.offset_at(moment)),
        ),
    };
    let Some(date) = date else {
        return call.ret(Value::NIL);
    };
    if format == b"*t" {
        let table = ctx.table_with_room(0, 9);
        for (name, value) in [
            ("sec", i64::from(date.second)),
            ("min", i64::from(date.minute)),
            ("hour", i64::from(date.hour)),
            ("day", i64::from(date.day)),
            ("month", i64::from(date.month)),
            ("year", date.year),
            ("wday", i64::from(date.weekday)),
            ("yday", i64::from(date.year_day)),
        ] {
            ctx.set_field(table, name, value as f64)?;
        }
        ctx.set_field(table, "isdst", date.offset.daylight)?;
        return call.ret(table);
    }
    let mut out = Buffer::new();
    // A conversion writes thirty bytes at most, unless it is given a width.
    let limit = 64 * 1024 + 32 * format.len();
    ctx.check_room(limit)?;
    call.burn(format.len() / 4);
    strftime(out.bytes_mut(), limit, format, &date)
        .map_err(|error| Error::from(ctx.string(error.to_string())))?;
    call.ret(out.finish(ctx)?)
}

fn time<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let environment = &call.vm.environment;
    if call.arg(1).is_nil() {
        return call.ret(environment.time().floor());
    }
    let table = call.check_table(1)?;
    let daylight = table.get_string(call.string("isdst"));
    let fields = Fields {
        second: date_field(call, table, "sec", Some(0))?,
        minute: date_field(call, table, "min", Some(0))?,
        hour: date_field(call, table, "hour", Some(12))?,
        day: date_field(call, table, "day", None)?,
        month: date_field(call, table, "month", None)?,
        year: date_field(call, table, "year", None)?,
        daylight: if daylight.is_nil() {
            None
        } else {
            Some(daylight.is_truthy())
        },
    };
    match time::timestamp(&fields, |moment| environment.offset_at(moment)) {
        // C says by -1 that there is no such time, and LuaJIT believes it.
        Some(moment) if moment != -1 => call.ret(moment as f64),
        _ => call.ret(Value::NIL),
    }
}

fn date_field<'gc>(
    call: &Call<'gc>,
    table: Gc<'gc, Table<'gc>>,
    name: &str,
    default: Option<i32>,
) -> Result<i32, Error<'gc>> {
    match arithmetic::to_number(table.get_string(call.string(name))) {
        Some(number) => Ok(time::field(number)),
        None => default.ok_or_else(|| call.error(format!("field '{name}' missing in date table"))),
    }
}

/// `os.exit(status)`: true is success, false failure.
fn exit<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let status = match call.arg(1).as_boolean() {
        Some(success) => i32::from(!success),
        None => call.opt_int(1, 0)?,
    };
    Err(Interrupt::Exited(status).into())
}
