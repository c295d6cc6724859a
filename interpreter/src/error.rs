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
    /// So many bytes do not fit at the moment: garbage must be collected, or the program ends.
    NoRoom(usize),
    /// More is wanted at once than the program may have in all: LuaJIT's "not enough memory".
    TooLarge,
}

impl<'gc> Error<'gc> {
    /// Makes the error that `error(value, 0)` raises.
    pub fn new(value: Value<'gc>) -> Self {
        Error(Box::new(Thrown::Lua(value)))
    }

    /// Makes the error that there is no room for `bytes`, at most `limit` of which can ever be had.
    pub(crate) fn no_room(bytes: usize, limit: usize) -> Self {
        Error(Box::new(if bytes > limit {
            Thrown::TooLarge
        } else {
            Thrown::NoRoom(bytes)
        }))
    }

    /// Returns the number of bytes that there was no room for, if that is the error.
    pub(crate) fn wanted(&self) -> Option<usize> {
        match *self.0 {
            Thrown::NoRoom(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Makes sure that what raised the error is not begun anew.
    pub(crate) fn without_retry(self) -> Self {
        match *self.0 {
            Thrown::NoRoom(_) => Interrupt::OutOfMemory.into(),
            _ => self,
        }
    }

    pub(crate) fn into_thrown(self) -> Thrown<'gc> {
        *self.0
    }

    /// Returns the error value, `None` for an interrupt.
    pub fn value(&self) -> Option<Value<'gc>> {
        match *self.0 {
            Thrown::Lua(value) => Some(value),
            Thrown::Interrupt(_) | Thrown::NoRoom(_) | Thrown::TooLarge => None,
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
            Thrown::NoRoom(_) => Interrupt::OutOfMemory.fmt(f),
            Thrown::TooLarge => f.write_str("not enough memory"),
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
