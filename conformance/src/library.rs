//! Builds the library that Neovim loads, for the tests and the demo.

use std::path::PathBuf;
use std::process::Command;

use crate::cases;

/// Builds `bridge-host` in a profile (`dev` or `release`) and returns the repository's root, which is then a
/// plugin directory that Neovim can use.
///
/// # Errors
///
/// With what cargo said.
pub fn build(profile: &str) -> Result<PathBuf, String> {
    let root = cases::root();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(&root)
        .args(["build", "--quiet", "--package", "bridge-host", "--profile", profile])
        .output()
        .map_err(|error| format!("cargo does not run: {error}"))?;
    if output.status.success() {
        return Ok(root);
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
