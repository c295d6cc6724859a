//! What the tests share: finding a Neovim to compare with.
//! Nothing here depends on `bridge/host`.

#![forbid(unsafe_code)]

pub mod neovim;
pub mod run;
