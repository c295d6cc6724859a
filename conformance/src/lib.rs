//! What the suites, the tests and the command `sandbox` share.
//! Nothing here depends on `bridge/host`.

#![forbid(unsafe_code)]

pub mod captured;
pub mod cases;
mod child_lines;
pub mod conform;
pub mod differential;
pub mod explore;
pub mod fuzz;
pub mod library;
pub mod machine;
pub mod neovim;
pub mod repl;
pub mod run;
mod scope;
pub mod soak;
pub mod spec;
