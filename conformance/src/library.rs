//! Builds the library that Neovim loads, for the tests and the demo.

use std::path::PathBuf;
use std::process::Command;

use crate::cases;

/// A plugin directory that Neovim can use.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// The repository, for `runtimepath`.
    pub root: PathBuf,
    /// The library that was built, for `$THREADING_LIBRARY`.
    pub library: PathBuf,
}

/// Builds `bridge-host` in a profile (`dev` or `release`).
///
/// # Errors
///
/// With what cargo said.
pub fn build(profile: &str) -> Result<Plugin, String> {
    run_cargo(profile, target(), &[])
}

/// Builds `bridge-host` with the defects of `bridge_wire::Mutation`, in a target directory of its own: it is
/// the same file by name.
///
/// # Errors
///
/// With what cargo said.
pub fn build_mutated() -> Result<Plugin, String> {
    let features = ["--features", "mutations"];
    run_cargo("dev", target().join("mutations"), &features)
}

/// The target directory of this build.
fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    cases::root().join(target)
}

fn run_cargo(profile: &str, target: PathBuf, more: &[&str]) -> Result<Plugin, String> {
    let root = cases::root();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(&root)
        .args([
            "build",
            "--quiet",
            "--package",
            "bridge-host",
            "--profile",
            profile,
            "--target-dir",
        ])
        .arg(&target)
        .args(more)
        .output()
        .map_err(|error| format!("cargo does not run: {error}"))?;
    if output.status.success() {
        let folder = if profile == "dev" { "debug" } else { profile };
        let file = format!(
            "{}threading_native{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        );
        let library = target.join(folder).join(file);
        return Ok(Plugin { root, library });
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
