//! The command `sandbox`: exit status, messages, limits.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Writes a Lua file of its own for a test.
fn file(name: &str, source: &[u8]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("sandbox-command-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let path = folder.join(name);
    std::fs::write(&path, source).expect("a temporary file");
    path
}

fn sandbox(arguments: &[&str], path: &PathBuf) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .arg(arguments[0])
        .arg(path)
        .args(&arguments[1..])
        .output()
        .expect("the command runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_program_sees_its_arguments() {
    let path = file(
        "arguments.lua",
        b"print(#arg, arg[1], (...), select('#', ...))",
    );
    let output = sandbox(&["run", "one", "two"], &path);
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), "2\tone\tone\t2\n");
}

#[test]
fn files_are_bytes() {
    let output = sandbox(
        &["run"],
        &file("bytes.lua", b"print(#'\xff\xfe', ('\xff'):byte())"),
    );
    assert_eq!(text(&output.stdout), "2\t255\n");
}

#[test]
fn an_error_says_where_and_how_it_got_there() {
    let path = file(
        "error.lua",
        b"local function f()\n  error('no')\nend\nf()\n",
    );
    let output = sandbox(&["run"], &path);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("error.lua:2: no\nstack traceback:\n\t[C]: in function 'error'"),
        "{said}"
    );
    assert!(said.contains("error.lua:2: in function 'f'"), "{said}");
}

#[test]
fn a_syntax_error_is_an_error() {
    let output = sandbox(&["run"], &file("syntax.lua", b"x = = 1"));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("syntax.lua:1: unexpected symbol near '='"));
}

#[test]
fn limits_end_the_program_with_status_three() {
    let path = file(
        "endless.lua",
        b"while true do pcall(function() while true do end end) end",
    );
    for limit in [["--fuel", "1000000"], ["--timeout", "50"]] {
        let output = sandbox(&["run", limit[0], limit[1]], &path);
        assert_eq!(
            output.status.code(),
            Some(3),
            "{limit:?}: {}",
            text(&output.stderr)
        );
    }
    let path = file(
        "greedy.lua",
        b"local t = {} while true do t[#t + 1] = {} end",
    );
    let output = sandbox(&["run", "--memory", "8000000"], &path);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "sandbox: out of memory\n");
}

#[test]
fn a_program_chooses_its_status() {
    for (call, status) in [
        ("os.exit(7)", 7),
        ("os.exit(true)", 0),
        ("pcall(os.exit, false)", 1),
    ] {
        let output = sandbox(
            &["run"],
            &file("exit.lua", format!("{call} print('on')").as_bytes()),
        );
        assert_eq!(output.status.code(), Some(status), "{call}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn a_pure_program_reads_nothing() {
    let path = file(
        "pure.lua",
        b"print(os.getenv('PATH'), (io.open('/etc/passwd')))",
    );
    let output = sandbox(&["run", "--policy", "pure"], &path);
    assert_eq!(
        text(&output.stdout),
        "nil\tnil\n",
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn bytecode_runs_and_is_shown() {
    let path = file("shown.lua", b"local x = ... return x + 1");
    let output = sandbox(&["disasm"], &path);
    assert!(
        text(&output.stdout).contains("ADDVN"),
        "{}",
        text(&output.stdout)
    );
    let template =
        interpreter::compiler::compile(b"print('from a dump')", b"=dump").expect("compiles");
    let dump = interpreter::bytecode::dump::write(&template, false);
    let output = sandbox(&["run"], &file("dump.luac", &dump));
    assert_eq!(text(&output.stdout), "from a dump\n");
}

#[test]
fn bad_usage_is_told() {
    let output = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .arg("fly")
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("unknown command 'fly'"));
}

#[test]
fn the_debug_console_runs_the_lines_of_standard_input() {
    let path = file(
        "console.lua",
        b"debug.debug() print(x, io.read()) debug.debug() print(x)",
    );
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .arg("run")
            .args(arguments)
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut input = command.stdin.take().expect("a pipe");
        // Nobody need read it.
        let _ = input.write_all(b"x = 1\nx =\nerror('no')\nerror({})\ncont\nread\nx = x + 1\n");
        drop(input);
        command.wait_with_output().expect("the command ends")
    };
    let output = run(&[]);
    assert_eq!(text(&output.stdout), "1\tread\n2\n");
    assert_eq!(
        text(&output.stderr),
        "lua_debug> lua_debug> (debug command):2: unexpected symbol near '<eof>'\n\
         lua_debug> (debug command):1: no\nlua_debug> (error object is not a string)\n\
         lua_debug> lua_debug> lua_debug> "
    );
    // Untrusted code has no standard input, and so is not kept.
    let output = run(&["--policy", "pure"]);
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), "nil\tnil\nnil\n");
}
