//! `cargo demo`: the README's example in a real Neovim. Builds the library and fetches Neovim as needed.

#![forbid(unsafe_code)]

use std::process::{Command, ExitCode};

use conformance::{library, neovim};

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let nvim = neovim::neovim().map_err(|error| error.to_string())?;
    let plugin = library::build("release")?;
    // The demo's Neovim has a Neovim of its own, into which it types; see the script.
    let status = Command::new(&nvim)
        .args(["--clean", "--headless", "-l"])
        .arg(plugin.root.join("conformance/demo.lua"))
        .arg(&plugin.root)
        .env("NVIM_UNDER_TEST", &nvim)
        .env("THREADING_LIBRARY", &plugin.library)
        .status()
        .map_err(|error| format!("{} does not run: {error}", nvim.display()))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
