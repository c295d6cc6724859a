//! The functions that turn text and files into functions: `load`, `loadstring`, `loadfile`, `dofile`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use gc_arena::Gc;

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::Error;
use crate::function::Function;
use crate::stdlib::os::{c_string, describe};
use crate::stdlib::string_buffer::with_contents;
use crate::string::LuaString;
use crate::table::Table;
use crate::text::decimal::append_number;
use crate::value::Value;

/// What C calls EISDIR.
const IS_A_DIRECTORY: i32 = 21;

pub(crate) fn open<'gc>(ctx: Context<'gc>) -> Result<(), Error<'gc>> {
    ctx.register(
        ctx.globals(),
        &[
            ("dofile", dofile),
            ("load", load),
            ("loadfile", loadfile),
            ("loadstring", load),
        ],
    )?;
    super::note_restartable(ctx, ctx.globals(), &["load", "loadstring"]);
    Ok(())
}

/// Compiles a chunk into a function, unless its kind is not among those that `mode` allows.
fn compile<'gc>(
    call: &Call<'gc>,
    chunk: &[u8],
    name: &[u8],
    mode: Option<&[u8]>,
    env: Option<Gc<'gc, Table<'gc>>>,
) -> Result<Gc<'gc, Function<'gc>>, Error<'gc>> {
    let kind = if chunk.starts_with(b"\x1b") {
        b'b'
    } else {
        b't'
    };
    if mode.is_some_and(|mode| !mode.contains(&kind)) {
        return Err(call.string("attempt to load chunk with wrong mode").into());
    }
    call.burn(chunk.len() / 16);
    let prototype = call.load(chunk, name)?;
    Ok(call.main_function(prototype, env.unwrap_or_else(|| call.env())))
}

/// Returns the function, or nil and the message.
fn answer<'gc>(
    call: &Call<'gc>,
    result: Result<Gc<'gc, Function<'gc>>, Error<'gc>>,
) -> NativeResult<'gc> {
    match result {
        Ok(function) => call.ret(function),
        Err(error) => match error.value() {
            Some(message) => call.ret_all(&[Value::NIL, message]),
            None => Err(error),
        },
    }
}

fn load<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let name = call.opt_string(2)?;
    let mode = call.opt_string(3)?;
    if call.arg(1).as_function().is_some() {
        let pieces = call.userdata(Box::new(Pieces::default()));
        call.keep(4.max(call.arg_count()))?;
        call.push(pieces.into())?;
        return call.try_invoke_with_handler(call.arg(1), &[], read_piece);
    }
    // A buffer has no text of its own that could name the chunk.
    let buffer = with_contents(call.arg(1), |contents| {
        call.check_room(contents.len())?;
        Ok::<_, Error<'gc>>(contents.to_vec())
    });
    if let Some(chunk) = buffer {
        let name = name.as_ref().map_or(&b""[..], |name| name.as_bytes());
        let mode = mode.map(c_string);
        return answer(
            call,
            compile(call, &chunk?, name, mode, call.arg(4).as_table()),
        );
    }
    if call.arg(1).as_string().is_none() && !call.arg(1).is_number() {
        return Err(call.type_error(1, "function"));
    }
    let chunk = call.check_string(1)?;
    let name = name
        .as_ref()
        .map_or(chunk.as_bytes(), |name| name.as_bytes());
    let mode = mode.as_ref().map(|mode| mode.as_bytes());
    answer(
        call,
        compile(call, chunk.as_bytes(), name, mode, call.arg(4).as_table()),
    )
}

/// The name of a chunk from a reader function that was given none.
const UNNAMED: &[u8] = b"=(load)";

/// What a reader function has given so far.
#[derive(Debug, Default)]
struct Pieces {
    text: Vec<u8>,
    /// The length at which to look for an error: nobody should be asked for the rest of a chunk that has one,
    /// least of all without end. It grows by a factor, so that all looks together cost little.
    next_look: usize,
    /// Bytes that have been looked at.
    looked_at: usize,
}

/// Each piece of a chunk that is not longer is looked at, as LuaJIT does,
const SHORT_CHUNK: usize = 4096;
/// as long as no more bytes have been looked at.
const LOOKED_AT_FREELY: usize = 128 << 10;

/// Takes what a reader function returned; the end is nil or an empty string.
fn read_piece<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let slot = call.arg_count();
    let state = call.arg(slot).as_userdata().expect("pushed by load");
    let mut data = state.data().borrow_mut();
    let pieces: &mut Pieces = data.downcast_mut().expect("made by load");
    if !call.result(1).is_truthy() {
        return call.ret_all(&[Value::NIL, call.result(2)]);
    }
    let mut piece = call.result(2);
    if let Some(number) = piece.as_number() {
        let mut digits = Vec::new();
        append_number(&mut digits, number);
        piece = call.checked_string(&digits)?.into();
    }
    let text = piece.as_string();
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        call.check_room(pieces.text.len() + text.len())?;
        pieces.text.extend_from_slice(text.as_bytes());
        let len = pieces.text.len();
        let is_free = len <= SHORT_CHUNK && pieces.looked_at + len <= LOOKED_AT_FREELY;
        if is_free || len >= pieces.next_look {
            // Many chunks come in one piece, which need not be looked at twice when it is long.
            let is_first = pieces.next_look == 0;
            pieces.next_look = if is_first { 1 } else { len * 4 };
            if (is_free || !is_first) && !pieces.text.starts_with(b"\x1b") {
                pieces.looked_at += len;
                let name = call.opt_string(2)?;
                let name = name.as_ref().map_or(UNNAMED, |name| name.as_bytes());
                call.burn(len / 16);
                if crate::compiler::fails_at_once(&pieces.text, name) {
                    drop(data);
                    return finish_pieces(call);
                }
            }
        }
        drop(data);
        call.keep(slot)?;
        return call.try_invoke_with_handler(call.arg(1), &[], read_piece);
    }
    if text.is_none() && !piece.is_nil() {
        drop(data);
        call.keep(slot)?;
        let refuse = call.ctx.native(
            "load",
            |call| Err(call.error("reader function must return a string")),
            &[],
        );
        return call.try_invoke_with_handler(refuse.into(), &[], read_piece);
    }
    drop(data);
    finish_pieces(call)
}

/// Compiles what the reader function has given.
fn finish_pieces<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let slot = call.arg_count();
    let state = call.arg(slot).as_userdata().expect("pushed by load");
    let data = state.data().borrow();
    let pieces: &Pieces = data.downcast_ref().expect("made by load");
    let name = call.opt_string(2)?;
    let mode = call.opt_string(3)?;
    let name = name.as_ref().map_or(UNNAMED, |name| name.as_bytes());
    let mode = mode.as_ref().map(|mode| mode.as_bytes());
    answer(
        call,
        compile(call, &pieces.text, name, mode, call.arg(4).as_table()),
    )
}

/// Loads a file; the message of the error is that of `loadfile`.
///
/// Without a name it is standard input that is loaded.
pub(super) fn from_file<'gc>(
    call: &Call<'gc>,
    file: Option<Gc<'gc, LuaString>>,
    mode: Option<Gc<'gc, LuaString>>,
    env: Gc<'gc, Table<'gc>>,
) -> Result<Gc<'gc, Function<'gc>>, Error<'gc>> {
    let mode = mode.map(c_string);
    let Some(file) = file else {
        let chunk = read_input(call)?;
        return compile(call, &chunk, b"=stdin", mode, Some(env));
    };
    let name = c_string(file);
    let path = Path::new(OsStr::from_bytes(name));
    let chunk = call.ctx.vm.environment.read_file(path).map_err(|error| {
        let (reason, code) = describe(&error);
        // A directory can be opened and not read.
        let verb: &[u8] = if code == IS_A_DIRECTORY {
            b"cannot read "
        } else {
            b"cannot open "
        };
        call.string([verb, name, b": ", reason.as_bytes()].concat())
    })?;
    let name = [b"@", name].concat();
    compile(call, &chunk, &name, mode, Some(env))
}

/// Reads standard input to its end.
fn read_input<'gc>(call: &Call<'gc>) -> Result<Vec<u8>, Error<'gc>> {
    let mut chunk = Vec::new();
    let mut part = [0; 4096];
    loop {
        call.check_room(chunk.len() + part.len())?;
        match call.vm.environment.read_input(&mut part) {
            Ok(0) => return Ok(chunk),
            Ok(len) => chunk.extend_from_slice(&part[..len]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                let message = format!("cannot read stdin: {}", describe(&error).0);
                return Err(call.string(message).into());
            }
        }
    }
}

fn loadfile<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let file = call.opt_string(1)?;
    let mode = call.opt_string(2)?;
    let env = call.arg(3).as_table().unwrap_or_else(|| call.env());
    answer(call, from_file(call, file, mode, env))
}

fn dofile<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    let file = call.opt_string(1)?;
    let function = from_file(call, file, None, call.env())?;
    call.invoke(function.into(), &[], |call| {
        call.ret_top(call.result_count())
    })
}
