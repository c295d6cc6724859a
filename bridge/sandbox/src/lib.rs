//! The worker side of the bridge: sandboxes, each a VM with its tasks, run by worker threads in slices of
//! fuel.
//!
//! A sandbox is not an OS thread: a worker runs many. The host holds a [`Handle`] to each; what it says and
//! hears is in `PROTOCOL.md`. The way through: [`spawn`] → `worker` (which sandbox runs next) → `sandbox`
//! (one turn of one sandbox) → `incoming` and `outgoing` (values to and from messages, by way of `objects`)
//! → `calls` (what Lua inside can ask of the host).
//!
//! Tests can do without worker threads and wall clocks: see [`drive_inline`].

#![forbid(unsafe_code)]

mod baton;
mod calls;
mod clock;
mod environments;
mod handle;
mod incoming;
mod objects;
mod outgoing;
mod panics;
mod places;
mod policy;
mod prelude;
mod sandbox;
mod stepper;
mod worker;

pub use handle::{
    Entered, Handle, Options, Outcome, Paths, SandboxId, SpawnError, Stats, Status, Traced,
};
pub use panics::{describe_panic, silence_panics};
pub use policy::{Policy, Rules};
pub use prelude::OPERATORS;
pub use sandbox::SLICE;
pub use stepper::{drive_inline, is_inline, look, pass, record, step, take_record};
pub use worker::{shut_down, spawn};
