//! How tests run the command `sandbox`.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs the command with these words and this standard input, which it need not read.
pub(crate) fn sandbox_with_input(words: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    let _ = pipe.write_all(input);
    drop(pipe);
    child.wait_with_output().expect("the command ends")
}
