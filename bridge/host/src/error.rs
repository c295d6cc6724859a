//! What can go wrong on the host's side, and the one conversion to Lua errors.
//!
//! Messages say what happened and what to do; they reach the user as they are.

use bridge_wire::DecodeError;
use thiserror::Error;

/// A failure of the host's side of the bridge.
#[derive(Debug, Error)]
pub(crate) enum HostError {
    #[error("threading: the Lua stack is exhausted; the values nest too deeply")]
    StackOverflow,
    #[error("threading: a function has no bytecode; use LuaJIT's own functions only by name")]
    NoDump,
    #[error("threading: a function of the sandbox does not load: {0}")]
    Load(String),
    #[error("threading: the sandbox sent a {0}")]
    Decode(#[from] DecodeError),
    #[error(
        "threading: cannot copy {path}: {reason}; pass plain data, or keep the value in a variable that both sides share"
    )]
    Copy { path: String, reason: String },
    #[error(
        "threading: the captured values hold more than {0} tables, functions and variables; capture less, or pass what the thread needs as plain arguments"
    )]
    TooMuch(usize),
    #[error("threading: {0} expected, got {1}")]
    Argument(&'static str, &'static str),
    #[error("threading: thread {0} has ended; this needs it running")]
    Ended(u32),
    #[error("threading: no thread could be started: {0}")]
    Spawn(String),
    #[error("threading: Neovim is leaving; no thread runs any more")]
    Leaving,
    #[error("threading: the library is not set up; require 'threading.sandbox' first")]
    NotSetUp,
    #[error(
        "threading: this Neovim does not export {0}; it must be built with LuaJIT and its own libuv binding"
    )]
    Missing(&'static str),
    #[error("threading: {0}")]
    Internal(String),
}
