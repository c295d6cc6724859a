//! Lays out the command `sandbox` so that a run touches few of its pages.
//!
//! The functions that nearly every Lua program needs are a tenth of the binary. Left where the compiler puts
//! them they lie all over it, and since the kernel maps 64 KiB around each page that is touched, most of
//! the binary becomes resident. `link_order.txt` names them, so that the linker puts them next to each other:
//! that is worth 0.6 MiB. `examples/link_order.rs` writes it.
//! Names of symbols depend on the compiler, so the file names the one it is for; others build as usual.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The first C library that knows packed relative relocations.
const PACKED_RELOCATIONS_SINCE: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=link_order.txt");
    let directory = env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo");
    let order = Path::new(&directory).join("link_order.txt");
    if !is_default_linker() || compiler_of(&order).as_deref() != rustc_commit().as_deref() {
        return;
    }
    let link = |argument: &str| println!("cargo::rustc-link-arg-bin=sandbox=-Wl,{argument}");
    link(&format!("--symbol-ordering-file={}", order.display()));
    // Code that has gone leaves its names behind until the file is written again.
    link("--no-warn-symbol-ordering");
    if c_library().is_some_and(|version| version >= PACKED_RELOCATIONS_SINCE) {
        link("-z,pack-relative-relocs");
    }
}

/// Returns whether what is linked is a release for this machine, by the linker that comes with the compiler, lld.
fn is_default_linker() -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|it| it == value);
    let is_unset = |name: &str| env::var_os(name).is_none_or(|value| value.is_empty());
    let target = "x86_64-unknown-linux-gnu";
    is("PROFILE", "release")
        && is("HOST", target)
        && is("TARGET", target)
        && is_unset("RUSTC_LINKER")
        && env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| !flags.contains("link"))
}

/// Returns the commit of the compiler that a list of symbols is for: its first line is `# rustc COMMIT`.
fn compiler_of(order: &Path) -> Option<String> {
    let text = fs::read_to_string(order).ok()?;
    let commit = text.lines().next()?.strip_prefix("# rustc ")?;
    Some(commit.to_owned())
}

/// Returns the commit of the compiler in use.
fn rustc_commit() -> Option<String> {
    let text = output(Command::new(env::var_os("RUSTC")?).arg("-vV"))?;
    let commit = text
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "))?;
    Some(commit.to_owned())
}

/// Returns the version of the C library.
fn c_library() -> Option<(u32, u32)> {
    let text = output(Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn output(command: &mut Command) -> Option<String> {
    String::from_utf8(command.output().ok()?.stdout).ok()
}
