//! The parts of the standard library that need no VM: plain functions over bytes.
//! Nothing here allocates more than its caller allowed for, recurses, or reads a clock; work that can be
//! long is either bounded by its arguments or taken in steps that the caller pays for.

pub mod bytes;
mod charset;
pub mod decimal;
pub mod find;
pub mod format;
pub mod matcher;
pub mod pattern;
pub mod radix;
pub mod random;
