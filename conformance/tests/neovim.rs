//! Runs every self-checking Lua file under `cases/neovim` in a real, headless Neovim with the plugin on its
//! runtime path. A case fails with an error; it has a minute.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use conformance::library::{self, Plugin};
use conformance::{cases, neovim};
use libtest_mimic::{Arguments, Failed, Trial};

const LIMIT: Duration = Duration::from_secs(60);

fn main() {
    let arguments = Arguments::from_args();
    let nvim = neovim::neovim().unwrap_or_else(|error| panic!("{error}"));
    let plugin = library::build("dev").unwrap_or_else(|error| panic!("{error}"));
    let trials = cases::lua_files("neovim")
        .into_iter()
        .map(|file| {
            let (nvim, plugin) = (nvim.clone(), plugin.clone());
            Trial::test(cases::name(&file), move || run(&nvim, &plugin, &file))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn run(nvim: &Path, plugin: &Plugin, file: &PathBuf) -> Result<(), Failed> {
    let mut child = Command::new(nvim)
        .args(["--clean", "--headless", "--cmd"])
        .arg(format!("set runtimepath^={}", plugin.root.display()))
        .arg("-l")
        .arg(file)
        .env("NVIM_UNDER_TEST", nvim)
        .env("THREADING_LIBRARY", &plugin.library)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let started = Instant::now();
    while child.try_wait()?.is_none() {
        if started.elapsed() > LIMIT {
            child.kill()?;
            let output = child.wait_with_output()?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("still running after {LIMIT:?}; it said: {said}").into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{}: {}", output.status, String::from_utf8_lossy(&said)).into())
}
