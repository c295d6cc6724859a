//! The library `io`: files as userdata, over streams that the VM's environment opens.
//!
//! The functions carry what they share as values of their own: a table with the default files, the files'
//! metatable and the list of open streams. The standard streams cannot be closed.

mod read;
mod stream;

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

use gc_arena::Gc;

pub(in crate::stdlib) use self::read::read_piece;
use self::stream::{OpenStreams, Source, Stream};
use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::environment::{Buffering, OpenMode, Standard};
use crate::error::Error;
use crate::function::{Function, NativeFn};
use crate::stdlib::base::identity;
use crate::stdlib::os::{
    c_string, check_option, describe, is_refused, refusal, return_outcome, to_long,
};
use crate::stdlib::string_buffer::with_contents;
use crate::string::LuaString;
use crate::text::decimal::number_to_string;
use crate::userdata::Userdata;
use crate::value::Value;

/// The Rust data of a file.
#[derive(Debug)]
struct Handle {
    /// Gone when the file was closed.
    stream: Option<Rc<RefCell<Stream>>>,
    is_standard: bool,
    /// The iterator of `io.lines(name)` closes the file at its end.
    close_at_end: bool,
}

/// Indices of the shared table.
const INPUT: f64 = 1.0;
const OUTPUT: f64 = 2.0;
const METATABLE: f64 = 3.0;
const OPEN_STREAMS: f64 = 4.0;

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    let shared = ctx.table();
    let metatable = ctx.table();
    let library = ctx.table();
    let methods: [(&str, NativeFn); 9] = [
        ("close", close),
        ("flush", |call| flush(call, 1)),
        ("lines", method_lines),
        ("read", |call| read_from(call, check_file(call)?, 2)),
        ("seek", seek),
        ("setvbuf", setvbuf),
        ("write", |call| write_to(call, check_file(call)?, 2)),
        ("__gc", finalize),
        ("__tostring", tostring),
    ];
    let functions: [(&str, NativeFn); 11] = [
        ("close", close),
        ("flush", |call| flush(call, 0)),
        ("input", |call| default_file(call, INPUT, b"r")),
        ("lines", lines),
        ("open", open_file),
        ("output", |call| default_file(call, OUTPUT, b"w")),
        ("popen", start_command),
        ("read", |call| {
            read_from(call, standard_file(call, INPUT)?, 1)
        }),
        ("tmpfile", temporary_file),
        ("type", type_),
        ("write", |call| {
            write_to(call, standard_file(call, OUTPUT)?, 1)
        }),
    ];
    let globals = ctx.globals();
    for (table, list, env) in [
        (metatable, &methods[..], globals),
        (library, &functions[..], metatable),
    ] {
        for &(name, run) in list {
            let function = ctx.native(name, run, &[shared.into()]);
            Function::set_env(function, ctx.mc, env);
            ctx.set_field(table, name, function)?;
        }
    }
    ctx.set_field(metatable, "__index", metatable)?;
    ctx.set(shared, METATABLE, metatable)?;
    ctx.set_field(ctx.vm.registry, "FILE*", metatable)?;
    let open_streams = ctx.userdata(Box::new(OpenStreams::default()));
    ctx.set(shared, OPEN_STREAMS, open_streams)?;
    for (name, index, stream) in [
        ("stdin", INPUT, Standard::Input),
        ("stdout", OUTPUT, Standard::Output),
        ("stderr", 0.0, Standard::Error),
    ] {
        let stream = Stream::standard(stream, ctx.vm.environment.clone());
        let handle = Handle {
            stream: Some(Rc::new(RefCell::new(stream))),
            is_standard: true,
            close_at_end: false,
        };
        let file = ctx.userdata(Box::new(handle));
        Userdata::set_metatable(file, ctx.mc, Some(metatable));
        ctx.set_field(library, name, file)?;
        ctx.set(shared, index, file)?;
    }
    ctx.set_field(ctx.globals(), "io", library)
}

/// Opens a file.
fn make_file<'gc>(
    call: &Call<'gc>,
    name: &[u8],
    mode: &[u8],
) -> io::Result<Gc<'gc, Userdata<'gc>>> {
    let mode = OpenMode::parse(mode).ok_or(io::ErrorKind::InvalidInput)?;
    let path = Path::new(OsStr::from_bytes(name));
    let file = call.vm.environment.open(path, mode)?;
    Ok(make_userdata(
        call,
        Source::File(file),
        mode.read,
        mode.write,
    ))
}

/// Makes a file of what the environment has opened.
fn make_userdata<'gc>(
    call: &Call<'gc>,
    source: Source,
    may_read: bool,
    may_write: bool,
) -> Gc<'gc, Userdata<'gc>> {
    call.vm.heap.charge(Stream::MEMORY);
    let environment = call.vm.environment.clone();
    let stream = Stream::new(source, may_read, may_write, environment);
    let stream = Rc::new(RefCell::new(stream));
    if may_write {
        with_open_streams(call, |streams| streams.add(&stream));
    }
    let handle = Handle {
        stream: Some(stream),
        is_standard: false,
        close_at_end: false,
    };
    let userdata = call.userdata(Box::new(handle));
    let metatable = shared(call, METATABLE).as_table();
    Userdata::set_metatable(userdata, call.mc, metatable);
    if let Some(metatable) = metatable {
        // That of the library's functions.
        Userdata::set_env(userdata, call.mc, metatable);
    }
    userdata
}

fn with_open_streams(call: &Call<'_>, f: impl FnOnce(&mut OpenStreams)) {
    if let Some(userdata) = shared(call, OPEN_STREAMS).as_userdata()
        && let Some(streams) = userdata.data().borrow_mut().downcast_mut()
    {
        f(streams);
    }
}

fn shared<'gc>(call: &Call<'gc>, index: f64) -> Value<'gc> {
    call.value(0)
        .as_table()
        .map_or(Value::NIL, |table| table.get(Value::number(index)))
}

fn as_file<'gc>(value: Value<'gc>) -> Option<Gc<'gc, Userdata<'gc>>> {
    value
        .as_userdata()
        .filter(|userdata| userdata.is::<Handle>())
}

fn is_open(file: Gc<'_, Userdata<'_>>) -> bool {
    with_handle(file, |handle| handle.stream.is_some())
}

/// Gives access to a file's data; nothing that runs meanwhile can come back to it.
fn with_handle<R>(file: Gc<'_, Userdata<'_>>, f: impl FnOnce(&mut Handle) -> R) -> R {
    let mut data = file.data().borrow_mut();
    f(data.downcast_mut().expect("files are made with a handle"))
}

fn with_stream<R>(file: Gc<'_, Userdata<'_>>, f: impl FnOnce(&mut Stream) -> R) -> R {
    with_handle(file, |handle| {
        let stream = handle
            .stream
            .as_ref()
            .expect("the file was seen to be open");
        f(&mut stream.borrow_mut())
    })
}

/// Returns argument 1, which must be an open file.
fn check_file<'gc>(call: &Call<'gc>) -> Result<Gc<'gc, Userdata<'gc>>, Error<'gc>> {
    let file = as_file(call.arg(1)).ok_or_else(|| call.type_error(1, "FILE*"))?;
    if is_open(file) {
        Ok(file)
    } else {
        Err(call.error("attempt to use a closed file"))
    }
}

/// Returns the default input or output, which must be open.
fn standard_file<'gc>(call: &Call<'gc>, index: f64) -> Result<Gc<'gc, Userdata<'gc>>, Error<'gc>> {
    match as_file(shared(call, index)) {
        Some(file) if is_open(file) => Ok(file),
        _ => Err(call.error("standard file is closed")),
    }
}

fn open_file<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let name = call.check_string(1)?;
    let mode = call.opt_string(2)?.map_or(&b"r"[..], c_string);
    match make_file(call, c_string(name), mode) {
        Ok(file) => call.ret(file),
        Err(error) => return_outcome(call, Err(error), Some(name)),
    }
}

/// `io.popen(command, mode)`: the mode is made of `r` or `w`, and of `e`, which changes nothing here.
fn start_command<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let command = call.check_string(1)?;
    let mode = call.opt_string(2)?.map_or(&b"r"[..], c_string);
    let (reads, writes) = (mode.contains(&b'r'), mode.contains(&b'w'));
    if reads == writes || !mode.iter().all(|letter| b"rwe".contains(letter)) {
        return return_outcome(call, Err(io::ErrorKind::InvalidInput.into()), Some(command));
    }
    with_open_streams(call, |streams| streams.flush());
    match call.vm.environment.start(c_string(command), writes) {
        Ok(process) => call.ret(make_userdata(call, Source::Process(process), reads, writes)),
        Err(error) if is_refused(&error) => Err(refusal(call, &error)),
        Err(error) => return_outcome(call, Err(error), Some(command)),
    }
}

fn temporary_file<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let environment = &call.vm.environment;
    let file = environment.temporary_file().and_then(|path| {
        let name = path.as_os_str().as_bytes();
        let file = make_file(call, name, b"w+")?;
        // It lives on until it is closed.
        environment.remove(&path)?;
        Ok(file)
    });
    match file {
        Ok(file) => call.ret(file),
        Err(error) => return_outcome(call, Err(error), None),
    }
}

/// Opens the file named by argument 1 or raises the error that it cannot be.
fn open_argument<'gc>(
    call: &Call<'gc>,
    name: Gc<'gc, LuaString>,
    mode: &[u8],
) -> Result<Gc<'gc, Userdata<'gc>>, Error<'gc>> {
    make_file(call, c_string(name), mode).map_err(|error| {
        let reason = describe(&error).0;
        call.arg_error(1, [c_string(name), b": ", reason.as_bytes()].concat())
    })
}

fn default_file<'gc>(call: &Call<'gc>, index: f64, mode: &[u8]) -> NativeResult<'gc> {
    if call.arg(1).is_nil() {
        return call.ret(shared(call, index));
    }
    let file = if call.arg(1).as_userdata().is_some() {
        check_file(call)?
    } else {
        open_argument(call, call.check_string(1)?, mode)?
    };
    let table = call.value(0).as_table().expect("open put it there");
    call.set(table, index, file)?;
    call.ret(file)
}

fn close<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let file = if call.arg_count() > 0 {
        check_file(call)?
    } else {
        let file = as_file(shared(call, OUTPUT));
        file.filter(|&file| is_open(file))
            .ok_or_else(|| call.error("attempt to use a closed file"))?
    };
    if with_handle(file, |handle| handle.is_standard) {
        let message = call.string("cannot close standard file");
        return call.ret_all(&[Value::NIL, message.into()]);
    }
    return_outcome(call, close_file(file), None)
}

fn close_file(file: Gc<'_, Userdata<'_>>) -> io::Result<()> {
    match with_handle(file, |handle| handle.stream.take()) {
        Some(stream) => stream.borrow_mut().close(),
        None => Ok(()),
    }
}

/// `__gc`, for those who call it: files that are collected are closed without it.
fn finalize<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let file = as_file(call.arg(1)).ok_or_else(|| call.type_error(1, "FILE*"))?;
    if !with_handle(file, |handle| handle.is_standard) {
        // As for a collected file, nobody is told of an error.
        let _ = close_file(file);
    }
    call.ret0()
}

fn type_<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    match as_file(call.check_any(1)?) {
        Some(file) if is_open(file) => call.ret(call.string("file")),
        Some(_) => call.ret(call.string("closed file")),
        None => call.ret(Value::NIL),
    }
}

fn tostring<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let file = as_file(call.arg(1)).ok_or_else(|| call.type_error(1, "FILE*"))?;
    if is_open(file) {
        call.ret(call.string(format!("file (0x{:08x})", identity(call.ctx, file.into()))))
    } else {
        call.ret(call.string("file (closed)"))
    }
}

fn flush<'gc>(call: &Call<'gc>, file_arg: usize) -> NativeResult<'gc> {
    let file = if file_arg > 0 {
        check_file(call)?
    } else {
        standard_file(call, OUTPUT)?
    };
    return_outcome(call, with_stream(file, Stream::flush), None)
}

fn seek<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let file = check_file(call)?;
    let whence = check_option(call, 2, Some(1), &["set", "cur", "end"])?;
    let offset = to_long(call.opt_number(3, 0.0)?);
    match with_stream(file, |stream| stream.seek(whence, offset)) {
        Ok(position) => call.ret(position as f64),
        Err(error) => return_outcome(call, Err(error), None),
    }
}

fn setvbuf<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let file = check_file(call)?;
    let buffering = match check_option(call, 2, None, &["full", "line", "no"])? {
        0 => Buffering::Full,
        1 => Buffering::Line,
        _ => Buffering::None,
    };
    // The size is a hint that nothing depends on.
    call.opt_int(3, 0)?;
    let outcome = with_stream(file, |stream| stream.set_buffering(buffering));
    return_outcome(call, outcome, None)
}

/// Writes the arguments from `first` on.
fn write_to<'gc>(
    call: &Call<'gc>,
    file: Gc<'gc, Userdata<'gc>>,
    first: usize,
) -> NativeResult<'gc> {
    let mut outcome = Ok(());
    for n in first..=call.arg_count() {
        let value = call.arg(n);
        if let Some(string) = value.as_string() {
            let bytes = string.as_bytes();
            call.burn(bytes.len() / 64);
            outcome = outcome.and_then(|()| with_stream(file, |stream| stream.write(bytes)));
        } else if let Some(number) = value.as_number() {
            let text = number_to_string(number);
            outcome = outcome.and_then(|()| with_stream(file, |stream| stream.write(&text)));
        } else {
            let before = std::mem::replace(&mut outcome, Ok(()));
            let written = with_contents(value, |bytes| {
                call.burn(bytes.len() / 64);
                before.and_then(|()| with_stream(file, |stream| stream.write(bytes)))
            });
            outcome = written.ok_or_else(|| call.type_error(n, "string"))?;
        }
    }
    return_outcome(call, outcome, None)
}

/// Reads as the arguments from `first` on say.
fn read_from<'gc>(
    call: &Call<'gc>,
    file: Gc<'gc, Userdata<'gc>>,
    first: usize,
) -> NativeResult<'gc> {
    let formats: Vec<Value<'gc>> = (first..=call.arg_count()).map(|n| call.arg(n)).collect();
    match read::read(call, file, &formats, first)? {
        Ok(values) => call.ret_all(&values),
        Err(error) => return_outcome(call, Err(error), None),
    }
}

fn method_lines<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let file = check_file(call)?;
    return_iterator(call, file)
}

fn lines<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    if call.arg(1).is_nil() {
        let input = as_file(shared(call, INPUT)).expect("there always is one");
        return return_iterator(call, input);
    }
    let file = open_argument(call, call.check_string(1)?, b"r")?;
    with_handle(file, |handle| handle.close_at_end = true);
    return_iterator(call, file)
}

/// Returns an iterator that reads from the file as the arguments after the first say.
fn return_iterator<'gc>(call: &Call<'gc>, file: Gc<'gc, Userdata<'gc>>) -> NativeResult<'gc> {
    let count = call.arg_count().max(1);
    // LuaJIT's limit on upvalues.
    if count > 60 {
        return Err(call.error("too many results to unpack"));
    }
    let mut values = vec![file.into()];
    values.extend((2..=count).map(|n| call.arg(n)));
    // The number of values is not known to the function itself.
    values.insert(0, Value::number((count - 1) as f64));
    call.ret(call.native("lines", next_line, &values))
}

fn next_line<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let count = call.value(0).as_number().unwrap_or(0.0) as usize;
    let file = as_file(call.value(1)).expect("lines put it there");
    if !is_open(file) {
        return Err(call.error("attempt to use a closed file"));
    }
    let formats: Vec<Value<'gc>> = (2..2 + count).map(|n| call.value(n)).collect();
    let values = match read::read(call, file, &formats, 1)? {
        Ok(values) => values,
        Err(error) => return Err(call.error(describe(&error).0)),
    };
    if values.first().is_none_or(|value| value.is_nil())
        && with_handle(file, |handle| handle.close_at_end)
    {
        // As in LuaJIT, nobody is told of an error.
        let _ = close_file(file);
        return call.ret0();
    }
    call.ret_all(&values)
}
