//! The command `sandbox repl`: chunks from a pipe, and a conversation at a pseudo terminal.

mod support;

use std::process::{Command, Output};

use support::sandbox_with_input;

fn repl(options: &[&str], input: &str) -> Output {
    sandbox_with_input(&[&["repl"], options].concat(), input.as_bytes())
}

fn output(input: &str) -> String {
    String::from_utf8_lossy(&repl(&[], input).stdout).into_owned()
}

fn complaints(input: &str) -> String {
    String::from_utf8_lossy(&repl(&[], input).stderr).into_owned()
}

#[test]
fn values_of_expressions_are_printed() {
    assert_eq!(output("1 + 1\n"), "2\n");
    assert_eq!(output("=2, 'x', nil\n"), "2\tx\tnil\n");
    assert_eq!(output("nil"), "nil\n");
    assert_eq!(output("print('once')\n"), "once\n");
    assert_eq!(output("x = 5\nx\n"), "5\n");
    assert_eq!(output("local x = 5\nx\n"), "nil\n");
    assert_eq!(output("-- nothing\n\n"), "");
}

#[test]
fn tables_are_shown_one_level_deep() {
    assert_eq!(output("{}\n"), "{}\n");
    assert_eq!(
        output("{ 1, 'two', {}, { 1 } }\n"),
        "{ 1, \"two\", {}, {…} }\n"
    );
    assert_eq!(
        output("{ name = 'v' }\n{ [true] = 1 }\n"),
        "{ name = \"v\" }\n{ [true] = 1 }\n"
    );
    assert_eq!(
        output("{ ('x'):rep(100) }\n"),
        format!("{{ \"{}\"… }}\n", "x".repeat(60))
    );
    assert_eq!(
        output("setmetatable({}, { __tostring = function() return 'mine' end })\n"),
        "mine\n"
    );
    let many = output("t = {} for i = 1, 1e5 do t[i] = i end\nt\n");
    assert!(
        many.starts_with("{ 1, 2, ") && many.ends_with(", 20, … }\n"),
        "{many}"
    );
    assert_eq!(
        output("tostring, select, next, type = nil\n{ 1 }\n"),
        "{ 1 }\n"
    );
}

#[test]
fn a_chunk_goes_on_until_it_is_whole() {
    assert_eq!(output("for i = 1, 2 do\n  print(i)\nend\n"), "1\n2\n");
    assert_eq!(output("1 +\n2\n"), "3\n");
    assert_eq!(output("=1 +\n2\n"), "3\n");
    assert_eq!(output("[[long\nstring]]\n"), "long\nstring\n");
    assert!(complaints("for i = 1, 2 do\n").ends_with("near '<eof>'\n"));
}

#[test]
fn errors_do_not_end_it() {
    let found = repl(&[], "error('boom')\nx = = 1\nerror()\nerror({})\n'on'\n");
    assert_eq!(String::from_utf8_lossy(&found.stdout), "on\n");
    assert_eq!(found.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&found.stderr),
        "sandbox: stdin:1: boom\nstack traceback:\n\t[C]: in function 'error'\n\tstdin:1: in main chunk\n\
         sandbox: stdin:1: unexpected symbol near '='\n\
         sandbox: (error object is not a string)\n"
    );
}

#[test]
fn programs_share_its_input_and_choose_its_status() {
    assert_eq!(output("io.read()\nfor them\n'mine'\n"), "for them\nmine\n");
    assert_eq!(repl(&[], "os.exit(7)\n1\n").status.code(), Some(7));
    let pure = repl(&["--policy", "pure"], "io.open('/etc/passwd')\n1\n");
    let pure = String::from_utf8_lossy(&pure.stdout).into_owned();
    assert_eq!(
        pure,
        "nil\t/etc/passwd: refused by the policy 'pure'\t13\n1\n"
    );
    let small = repl(
        &["--memory", "8000000"],
        "local t = {} while true do t[#t + 1] = {} end\n1\n",
    );
    assert_eq!(String::from_utf8_lossy(&small.stdout), "1\n");
    assert_eq!(
        String::from_utf8_lossy(&small.stderr),
        "sandbox: out of memory\n"
    );
}

/// Types at a pseudo terminal what its first argument says: a list of what to send and what to wait for.
const TERMINAL: &str = r#"
import ast, os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "repl"])
seen = b""
def wait_for(expected):
    global seen
    end = time.time() + 20
    while expected not in seen:
        if time.time() > end or not select.select([terminal], [], [], 20)[0]:
            sys.exit("waited in vain for %r, saw %r" % (expected, seen))
        try:
            part = os.read(terminal, 4096)
        except OSError:
            part = b""
        if not part:
            sys.exit("ended before %r, saw %r" % (expected, seen))
        seen += part
    seen = seen[seen.index(expected) + len(expected):]
for keys, expected in ast.literal_eval(sys.argv[2]):
    os.write(terminal, keys)
    if expected:
        wait_for(expected)
while True:
    if not select.select([terminal], [], [], 20)[0]:
        sys.exit("it does not end")
    try:
        if not os.read(terminal, 4096):
            break
    except OSError:
        break
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

/// Runs a conversation; `folder` is where what was typed is remembered.
fn converse(folder: &std::path::Path, steps: &str, status: i32) {
    let output = Command::new("python3")
        .args(["-c", TERMINAL, env!("CARGO_BIN_EXE_sandbox"), steps])
        .env("XDG_STATE_HOME", folder)
        .env("TERM", "xterm")
        .output()
        .expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{said}");
}

#[test]
fn at_a_terminal_lines_are_edited_and_loops_stopped() {
    let folder = std::env::temp_dir().join(format!("sandbox-repl-{}", std::process::id()));
    // Keys are sent when there is a prompt, for before that the terminal takes Ctrl-D for itself; each Ctrl-C
    // is sent when the loop is known to run. The last loop catches the first one.
    let conversation = r"[
        (b'', b'> '),
        (b'1 + 1\r', b'2\r\n'), (b'', b'> '),
        (b'4\x01', None), (b'10 * \r', b'\r\n40\r\n'), (b'', b'> '),
        (b'for i = 1, 2 do\r', b'>> '), (b'print(i * 11) end\r', b'11\r\n22\r\n'), (b'', b'> '),
        (b'half = \r', b'>> '), (b'\x03', b'> '),
        (b'n = 0 print(7 * 11) while true do n = n + 1 end\r', b'77\r\n'),
        (b'\x03', b'interrupted!'), (b'', b'stack traceback'), (b'', b'> '),
        (b'n > 0\r', b'true\r\n'), (b'', b'> '),
        (b'print(8 * 11) while true do print(pcall(function() while true do end end)) end\r', b'88\r\n'),
        (b'\x03', b'false\tinterrupted!'), (b'\x03', b'killed'), (b'', b'> '),
        (b'\x1b[A\x1b[A\r', b'true\r\n'), (b'', b'> '),
        (b'\x04', None),
    ]";
    converse(&folder, conversation, 0);
    let history = std::fs::read_to_string(folder.join("sandbox/history")).expect("a history");
    assert!(history.contains("n > 0"), "{history}");
    converse(&folder, r"[(b'', b'> '), (b'os.exit(5)\r', None)]", 5);
    std::fs::remove_dir_all(&folder).expect("it is there");
}
