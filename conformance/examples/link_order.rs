//! Writes the list of symbols that `build.rs` hands to the linker: the functions of release builds of
//! `sandbox` that the programs of the benchmark call, those that most of them call first.
//! Takes valgrind and a minute for each build:
//! `cargo run -p conformance --example link_order -- SANDBOX… >conformance/link_order.txt`
//!
//! The names of symbols depend on which packages are built together. So there is one build for each command
//! that people type: `cargo build --release`, the same with `-p conformance`, and `cargo bench`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, process};

/// Enough for a program to have called all that it calls.
const FUEL: &str = "100000";

fn main() -> Result<(), Box<dyn Error>> {
    let sandboxes: Vec<_> = env::args_os().skip(1).collect();
    if sandboxes.is_empty() {
        return Err("usage: link_order SANDBOX…".into());
    }
    // How many programs call a function, by its name.
    let mut callers: BTreeMap<String, usize> = BTreeMap::new();
    for sandbox in sandboxes {
        let mut here: BTreeMap<String, usize> = BTreeMap::new();
        for program in lua_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("programs"))? {
            for function in functions_called(Path::new(&sandbox), &program)? {
                *here.entry(function).or_default() += 1;
            }
        }
        for (function, count) in here {
            let most = callers.entry(function).or_default();
            *most = count.max(*most);
        }
    }
    let mut functions: Vec<(&String, &usize)> = callers.iter().collect();
    functions.sort_by_key(|&(name, count)| (std::cmp::Reverse(count), name));
    let version = Command::new("rustc").arg("-vV").output()?.stdout;
    let version = String::from_utf8(version)?;
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "));
    println!(
        "# rustc {}",
        commit.ok_or("this compiler has no commit hash")?
    );
    for (name, _) in functions {
        println!("{name}");
    }
    Ok(())
}

fn lua_files(directory: &Path) -> Result<BTreeSet<PathBuf>, Box<dyn Error>> {
    let files = fs::read_dir(directory)?.map(|entry| Ok(entry?.path()));
    files.collect()
}

/// Returns the symbols of the Rust functions that the beginning of a program calls.
fn functions_called(sandbox: &Path, program: &Path) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let profile = env::temp_dir().join(format!("link-order-{}.out", process::id()));
    Command::new("valgrind")
        .args(["--tool=callgrind", "--demangle=no"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(sandbox)
        .args(["run", "--fuel", FUEL])
        .arg(program)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    let text = fs::read_to_string(&profile)?;
    fs::remove_file(&profile)?;
    // A function is introduced as `fn=(12) name`, or `cfn=(12) name` where it is called before.
    let introduced = text.lines().filter_map(|line| {
        let line = line.strip_prefix('c').unwrap_or(line);
        let (_, name) = line.strip_prefix("fn=(")?.split_once(") ")?;
        // Recursion is counted apart, as `name'2`.
        let name = name.split('\'').next()?;
        let is_rust = name.starts_with("_ZN") || name.starts_with("_R");
        is_rust.then(|| name.to_owned())
    });
    Ok(introduced.collect())
}
