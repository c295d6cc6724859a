//! `debug.debug`: runs lines of standard input until one says `cont`.

use gc_arena::Gc;

use crate::call::{Call, NativeResult};
use crate::context::Context;
use crate::error::Error;
use crate::stdlib::buffer::Buffer;
use crate::stdlib::io::read_piece;
use crate::table::Table;
use crate::value::Value;

/// Bytes of a line that are run at once, as in LuaJIT.
const LINE: usize = 249;

/// Adds the function, which reads from the file that is `io.stdin` now: they share a buffer, as in C.
pub(super) fn open<'gc>(ctx: Context<'gc>, library: Gc<'gc, Table<'gc>>) -> Result<(), Error<'gc>> {
    let field = |table: Gc<'gc, Table<'gc>>, name: &str| table.get(ctx.string(name).into());
    let input = field(ctx.globals(), "io")
        .as_table()
        .map_or(Value::NIL, |io| field(io, "stdin"));
    ctx.set_field(library, "debug", ctx.native("debug", debug, &[input]))
}

fn debug<'gc>(call: &Call<'gc>) -> NativeResult<'gc> {
    call.keep(0)?;
    let Some(input) = call.value(0).as_userdata() else {
        return call.ret0();
    };
    loop {
        call.burn(16);
        if call.is_exhausted() {
            return call.again(debug);
        }
        say(call, b"lua_debug> ");
        let mut line = Buffer::new();
        if !matches!(read_piece(call, input, &mut line, LINE)?, Ok(true)) {
            return call.ret0();
        }
        let line = line.finish(call.ctx)?;
        if line.as_bytes() == b"cont\n" {
            return call.ret0();
        }
        let text = line.as_bytes().split(|&byte| byte == 0).next();
        match call.load(text.unwrap_or_default(), b"=(debug command)") {
            Ok(prototype) => {
                let function = call.main_function(prototype, call.env());
                return call.try_invoke(function.into(), &[], |call| {
                    if !call.result(1).is_truthy() {
                        complain(call, call.result(2));
                    }
                    debug(call)
                });
            }
            Err(error) => match error.value() {
                Some(message) => complain(call, message),
                None => return Err(error),
            },
        }
    }
}

fn say(call: &Call<'_>, text: &[u8]) {
    // Nobody can be told that standard error is gone.
    let _ = call.ctx.vm.environment.write_error(text);
}

fn complain<'gc>(call: &Call<'gc>, message: Value<'gc>) {
    match crate::vm::arithmetic::to_string(call.ctx, message) {
        Some(text) => say(call, text.as_bytes()),
        None => say(call, b"(error object is not a string)"),
    }
    say(call, b"\n");
}
