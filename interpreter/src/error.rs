//! What can go wrong while Lua runs: an error value that Lua may catch, or an end that it may not.

use std::fmt;

use gc_arena::Gc;

use crate::string::LuaString;
use crate::value::Value;

/// Why a sandboxed program was ended from outside; no `pcall` sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Interrupt {
    #[error("killed")]
    Killed,
    #[error("out of fuel")]
    OutOfFuel,
    #[error("out of memory")]
    OutOfMemory,
    #[error("timed out")]
    TimedOut,
    /// The program asked for it (`os.exit`), with this status.
    #[error("exited with status {0}")]
    Exited(i32),
}

/// An error on its way to whoever catches it.
///
/// One word, so that the results of native functions stay small.
#[derive(Debug)]
pub struct Error<'gc>(Box<Thrown<'gc>>);

#[derive(Debug)]
pub(crate) enum Thrown<'gc> {
    Lua(Value<'gc>),
    Interrupt(Interrupt),
}

impl<'gc> Error<'gc> {
    /// Makes the error that `error(value, 0)` raises.
    pub fn new(value: Value<'gc>) -> Self {
        Error(Box::new(Thrown::Lua(value)))
    }

    pub(crate) fn into_thrown(self) -> Thrown<'gc> {
        *self.0
    }

    /// Returns the error value, `None` for an interrupt.
    pub fn value(&self) -> Option<Value<'gc>> {
        match *self.0 {
            Thrown::Lua(value) => Some(value),
            Thrown::Interrupt(_) => None,
        }
    }
}

impl From<Interrupt> for Error<'_> {
    fn from(interrupt: Interrupt) -> Self {
        Error(Box::new(Thrown::Interrupt(interrupt)))
    }
}

impl<'gc> From<Gc<'gc, LuaString>> for Error<'gc> {
    fn from(message: Gc<'gc, LuaString>) -> Self {
        Error::new(message.into())
    }
}

impl fmt::Display for Error<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Thrown::Interrupt(interrupt) => interrupt.fmt(f),
            Thrown::Lua(value) => match value.as_string() {
                Some(message) => f.write_str(&String::from_utf8_lossy(message.as_bytes())),
                None => match value.as_cdata() {
                    Some(cdata) => cdata.integer().fmt(f),
                    None => write!(f, "(error object is a {} value)", value.type_name()),
                },
            },
        }
    }
}
