//! The parts of the standard library that need no VM: plain functions over bytes.
//! Nothing here recurses, reads a clock or knows a Lua value. Work that can be long is bounded by its
//! arguments, so that a caller can charge for it beforehand, or is taken in steps (`matcher`).

pub mod bytes;
mod charset;
pub mod decimal;
pub mod find;
pub mod format;
pub mod matcher;
pub mod pattern;
pub mod radix;
pub mod random;
pub mod strftime;
pub mod time;
pub mod zone;
