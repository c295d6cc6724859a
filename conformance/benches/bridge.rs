//! `cargo bench -p conformance --bench bridge`: what crossing the bridge costs, measured in a real Neovim.

use std::process::Command;

use conformance::{library, neovim};

fn main() {
    let nvim = neovim::neovim().unwrap_or_else(|error| panic!("{error}"));
    let plugin = library::build("release").unwrap_or_else(|error| panic!("{error}"));
    let status = Command::new(nvim)
        .args(["--clean", "--headless", "--cmd"])
        .arg(format!("set runtimepath^={}", plugin.root.display()))
        .arg("-l")
        .arg(plugin.root.join("conformance/benches/bridge.lua"))
        .env("THREADING_LIBRARY", plugin.library)
        .status()
        .expect("Neovim runs");
    assert!(status.success(), "the measurement failed");
}
