//! Runs every self-checking Lua file under `cases/language` and `cases/beyond` in our VM, and those of
//! `cases/language` in `luajit` too when it is there: the expectations must be LuaJIT's, not ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use conformance::cases;
use conformance::run::{RunOptions, run_file};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let language = cases::lua_files("language");
    let mut trials: Vec<Trial> = Vec::new();
    for file in language.iter().chain(&cases::lua_files("beyond")) {
        trials.push(trial("vm", file, |file| {
            let options = RunOptions {
                is_pure: is_pure(file)?,
                ..RunOptions::default()
            };
            run_file(file, &[], &options).map_err(|error| error.to_string().into())
        }));
    }
    if Command::new("luajit").arg("-v").output().is_ok() {
        for file in &language {
            trials.push(trial("luajit", file, run_luajit));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Returns whether the case's first line asks for the policy `pure`.
fn is_pure(file: &Path) -> std::io::Result<bool> {
    Ok(std::fs::read(file)?.starts_with(b"--- policy: pure\n"))
}

fn trial(
    arm: &str,
    file: &Path,
    run: impl FnOnce(&PathBuf) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let name = format!("{arm}::{}", cases::name(file));
    let file = file.to_owned();
    Trial::test(name, move || run(&file))
}

fn run_luajit(file: &PathBuf) -> Result<(), Failed> {
    let output = Command::new("luajit").arg("-joff").arg(file).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}
