//! The bytes that cross between the host and a sandbox: tokens, messages and deltas.
//!
//! Pure and single-threaded: no VM value, no I/O. Whatever the input, decoding returns an error with
//! an offset instead of panicking, and allocates nothing that the input's own length does not pay
//! for. `PROTOCOL.md` beside this crate is the specification.

#![forbid(unsafe_code)]

mod decode;
mod delta;
mod encode;
mod id;
mod message;
mod mutation;

pub use decode::{DecodeError, DecodeErrorKind, Decoder, Token};
pub use delta::{
    CodeRef, Contents, Created, Delta, DeltaBuilder, Fill, Fills, Objects, OpenEntries, Section,
};
pub use encode::{Encoder, Mark};
pub use id::{Id, IdSource, Reference, Side};
pub use message::{HostCall, Kind, Message, Operation, Target, encode_message};
pub use mutation::{Mutation, mutated};

/// The version of the protocol; both ends of a library and its Lua files must agree on it.
///
/// 1: first version.
///
/// 2: 64-bit integers, the extension types 9 and 10.
///
/// 3: remote references in both directions, the extension types 11 to 16, the message `Operate` and
/// the operation `operate`; environments and globals, the fills 5 to 7; `released` names objects of
/// either side.
///
/// 4: a `Reply` says whether an error lacks the place of the caller; nobody runs between a host call and what
/// is done with its results; objects of the host are arguments as themselves; the extension type 17.
///
/// 5: the fill 5 also says that an environment was changed; the operator `status`.
pub const PROTOCOL: u32 = 5;

/// How deep values may nest in a message.
pub const MAX_DEPTH: usize = 200;

/// The largest magnitude of a number that crosses as an integer, 2^53.
pub const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;
