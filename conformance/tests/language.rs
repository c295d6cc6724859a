//! Runs every self-checking Lua file under `cases/language` and `cases/beyond` in our VM, and those of
//! `cases/language` in `luajit` too when it is there: the expectations must be LuaJIT's, not ours.
//!
//! The arm `stress` runs them with the collector at work at every safe point.

use std::path::{Path, PathBuf};
use std::process::Command;

use conformance::cases;
use conformance::run::{RunError, RunOptions, run_file};
use interpreter::Interrupt;
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
    for file in language.iter().chain(&cases::lua_files("beyond")) {
        if !UNSTRESSED.contains(&cases::name(file).as_str()) {
            trials.push(trial("stress", file, |file| run_stressed(file)));
        }
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

/// Cases that say when the collector works, which the arm `stress` knows better.
const UNSTRESSED: &[&str] = &[
    // Three objects are made that are garbage at once, and their finalizers must run in one collection, the
    // newest first: in this arm the first one's runs before the second object is made.
    "beyond::finalizer_errors",
    // Counts the steps to the end of a collection, which are fewer when there are steps in between.
    "language::collectgarbage_modes",
];

/// Cases of which the arm `stress` runs the beginning only: all of each would take minutes.
const SHORTENED: &[&str] = &[
    "beyond::damaged_dumps",
    "beyond::overflow_handlers",
    "language::error_overflow",
    "language::limits",
    "language::os_time",
    "language::string_buffer_bytes",
    "language::table_large",
    "language::tail_calls",
];

/// Fuel of a case with short steps, which most cases do not need.
const STRESS_FUEL: u64 = 400_000;

/// Fuel of a case with a thousand objects at each safe point, about half of what there is: its beginning only.
const LONG_STEPS_FUEL: u64 = 6_000;

/// Runs a case with the collector at work at every safe point, in steps of two sizes.
fn run_stressed(file: &Path) -> Result<(), Failed> {
    let is_shortened = SHORTENED.contains(&cases::name(file).as_str());
    for (step, fuel) in [(60.0, STRESS_FUEL), (1000.0, LONG_STEPS_FUEL)] {
        let options = RunOptions {
            collector_step: Some(step),
            fuel: Some(fuel),
            is_pure: is_pure(file)?,
            ..RunOptions::default()
        };
        match run_file(file, &[], &options) {
            Ok(()) => {}
            Err(RunError::Limit(Interrupt::OutOfFuel)) if is_shortened || fuel < STRESS_FUEL => {}
            Err(error) => return Err(format!("in steps of {step}: {error}").into()),
        }
    }
    Ok(())
}

fn run_luajit(file: &PathBuf) -> Result<(), Failed> {
    let output = Command::new("luajit").arg("-joff").arg(file).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}
