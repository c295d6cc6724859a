//! Stack tracebacks in LuaJIT's format (`luaL_traceback`).

use gc_arena::Gc;

use crate::compiler::chunk_display;
use crate::coroutine::Coroutine;
use crate::vm::describe;

/// Levels shown at the top before the middle is left out, and at the bottom after it.
const FIRST: usize = 12;
const LAST: usize = 10;

/// Returns what a traceback begins with: all of it where there is no such level.
pub(crate) fn head(message: Option<&[u8]>) -> Vec<u8> {
    let mut text = Vec::new();
    if let Some(message) = message {
        text.extend_from_slice(message);
        text.push(b'\n');
    }
    text.extend_from_slice(b"stack traceback:");
    text
}

/// Returns `message` and the traceback of a coroutine from the frame `level` up.
pub(crate) fn traceback<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    message: Option<&[u8]>,
    level: usize,
) -> Vec<u8> {
    of_frames(coroutine, message, level, 0)
}

/// Returns the traceback of a coroutine that has failed, as a message handler of the command `luajit` sees it: the
/// handler itself is a level that is not shown.
pub(crate) fn of_failed<'gc>(coroutine: Gc<'gc, Coroutine<'gc>>) -> Vec<u8> {
    of_frames(coroutine, None, 0, 1)
}

/// Returns `message` and the traceback from the frame `level` up, below `hidden` levels that have no frames.
fn of_frames<'gc>(
    coroutine: Gc<'gc, Coroutine<'gc>>,
    message: Option<&[u8]>,
    level: usize,
    hidden: usize,
) -> Vec<u8> {
    let mut text = head(message);
    let mut frames = Vec::new();
    let mut next = describe::frame(coroutine, coroutine.base.get(), level);
    while let Some(frame) = next {
        frames.push(frame);
        next = describe::frame_above(coroutine, frame);
    }
    let level = level + hidden;
    // Levels count from 0, and what is left out depends on them, not on what is shown.
    let shown_first = FIRST.saturating_sub(level);
    let is_long = level + frames.len() > FIRST.max(level) + LAST + 1;
    let shown_last = frames.len().saturating_sub(LAST);
    for (index, &(base, pc)) in frames.iter().enumerate() {
        if is_long && index >= shown_first && index < shown_last {
            if index == shown_first {
                text.extend_from_slice(b"\n\t...");
            }
            continue;
        }
        let Some(function) = coroutine.function_at(base) else {
            continue;
        };
        let name = describe::function_name(coroutine, base);
        text.extend_from_slice(b"\n\t");
        match function.prototype() {
            None => {
                let native = function.native().map_or("?", |native| native.name);
                // LuaJIT has these as bytecode of its own.
                let is_bytecode = matches!(native, "foreach" | "foreachi");
                let place = match is_bytecode {
                    true => format!("[builtin:{native}]"),
                    false => "[C]".to_owned(),
                };
                match name {
                    Some((_, name)) => {
                        text.extend_from_slice(place.as_bytes());
                        text.extend_from_slice(b": in function '");
                        text.extend_from_slice(&name);
                        text.push(b'\'');
                    }
                    None if is_bytecode => {
                        let line = format!("{place}: in function <{place}:-1>");
                        text.extend_from_slice(line.as_bytes());
                    }
                    None => text.extend_from_slice(format!("[builtin#{native}]:").as_bytes()),
                }
            }
            Some(prototype) => {
                let source = chunk_display(&prototype.template.chunk_name);
                text.extend_from_slice(&source);
                text.push(b':');
                if let Some(line) = describe::line_at(prototype, pc).filter(|&line| line > 0) {
                    text.extend_from_slice(format!("{line}:").as_bytes());
                }
                match name {
                    Some((_, name)) => {
                        text.extend_from_slice(b" in function '");
                        text.extend_from_slice(&name);
                        text.push(b'\'');
                    }
                    None if describe::is_main(prototype) => {
                        text.extend_from_slice(b" in main chunk");
                    }
                    None => {
                        text.extend_from_slice(b" in function <");
                        text.extend_from_slice(&source);
                        text.extend_from_slice(
                            format!(":{}>", prototype.template.first_line).as_bytes(),
                        );
                    }
                }
            }
        }
    }
    text
}
