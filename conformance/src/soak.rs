//! The long run: callbacks without end, and memory that stays where it was.
//!
//! The program is `cases/neovim/flat_memory.lua`, which judges itself.

use std::path::Path;
use std::process::Stdio;

use crate::child_lines::lines_of;
use crate::conform::Host;
use crate::{cases, library, neovim};

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// `vm` or `nvim`.
    pub host: Host,
    /// How many callbacks.
    pub callbacks: u64,
    /// Of the schedule, on `vm`.
    pub seed: u32,
    /// The build of the library: `dev` or `release`.
    pub profile: String,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            host: Host::Vm,
            callbacks: 200_000,
            seed: 0,
            profile: "dev".to_owned(),
        }
    }
}

/// Runs callbacks, tells each line that the program says as soon as it does, and returns whether memory was flat
/// and nothing was shared at the end.
///
/// # Errors
///
/// When there is no such host or it does not start; the message says what to do.
pub fn run(options: &Options, mut tell: impl FnMut(&str)) -> Result<bool, String> {
    let program = cases::root().join("conformance/cases/neovim/flat_memory.lua");
    let adapters = Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters");
    let plugin = library::build(&options.profile)?;
    let mut command = neovim::command().map_err(|error| error.to_string())?;
    command
        .args(["--clean", "--headless", "--cmd"])
        .arg(format!(
            "set runtimepath^={},{},{}",
            plugin.root.display(),
            adapters.join("nvim").display(),
            adapters.join("vm").display()
        ));
    command.arg("-l");
    match options.host {
        Host::Vm => {
            command.arg(adapters.join("vm").join("soak.lua"));
            command.arg(options.seed.to_string()).arg(program);
        }
        Host::Neovim => {
            command.arg(program);
        }
        _ => return Err("the long run is for the hosts `vm` and `nvim`".to_owned()),
    }
    let mut child = command
        .env("THREADING_LIBRARY", &plugin.library)
        .env("THREADING_CALLBACKS", options.callbacks.to_string())
        .env("THREADING_REPORT", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("Neovim does not start: {error}"))?;
    for line in lines_of(&mut child) {
        tell(&line);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if !status.success() {
        tell(&status.to_string());
    }
    Ok(status.success())
}
