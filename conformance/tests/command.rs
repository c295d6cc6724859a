//! The command `sandbox`: exit status, messages, limits.

mod support;

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use support::sandbox_with_input;

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
        // LuaJIT closes its state for the second argument, which calls finalizers.
        (
            "local u = newproxy(true) getmetatable(u).__gc = print os.exit(3, true)",
            3,
        ),
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
        let path = path.to_str().expect("a path");
        sandbox_with_input(
            &[&["run"], arguments, &[path]].concat(),
            b"x = 1\nx =\nerror('no')\nerror({})\ncont\nread\nx = x + 1\n",
        )
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

#[test]
fn words_before_the_file_have_negative_indices() {
    let path = file(
        "negative.lua",
        b"print(arg[-3] ~= nil, arg[-2], arg[-1], arg[0]:match('[^/]*$'), arg[1], arg[2], arg[3], select('#', ...))",
    );
    let output = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["run", "--seed=4"])
        .arg(&path)
        .args(["-x", "--fuel", "100000", "--other=1", "--", "--fuel"])
        .output()
        .expect("runs");
    assert_eq!(
        text(&output.stdout),
        "true\trun\t--seed=4\tnegative.lua\t-x\t--other=1\t--fuel\t3\n",
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_program_comes_from_standard_input() {
    let output = sandbox_with_input(
        &["run", "-", "x"],
        b"#!shebang\nprint(arg[0], ...)\nerror('e')",
    );
    assert_eq!(text(&output.stdout), "-\tx\n");
    assert!(text(&output.stderr).starts_with("sandbox: stdin:3: e\nstack traceback:\n"));
    let output = sandbox_with_input(&["disasm", "-"], b"return 1");
    assert!(text(&output.stdout).starts_with("-- BYTECODE -- stdin:0-1\n"));
}

#[test]
fn a_path_need_not_be_text() {
    let folder = file("folder", b"").parent().expect("a folder").to_owned();
    let path = folder.join(OsStr::from_bytes(b"\xff.lua"));
    std::fs::write(&path, "print((arg[0]:match('[^/]*$'):byte()))\nerror('x')").expect("a file");
    let output = sandbox(&["run"], &path);
    assert_eq!(text(&output.stdout), "255\n");
    let name = b"/\xff.lua:2: x\n";
    assert!(output.stderr.windows(name.len()).any(|part| part == name));
}

#[test]
fn errors_of_all_kinds_are_worded_as_luajit_does() {
    for (source, said) in [
        ("error()", ""),
        ("error({})", "sandbox: (error object is not a string)\n"),
        (
            "error(setmetatable({}, { __tostring = function() return 5 end }))",
            "sandbox: 5\nstack traceback:",
        ),
        ("error(42, 0)", "sandbox: 42\nstack traceback:"),
        (
            "error(setmetatable({}, { __tostring = error }))",
            "sandbox: (error object is not a string)\n",
        ),
    ] {
        let output = sandbox(&["run"], &file("kinds.lua", source.as_bytes()));
        assert_eq!(output.status.code(), Some(1), "{source}");
        let found = text(&output.stderr);
        assert!(
            found.starts_with(said) && (said.is_empty() == found.is_empty()),
            "{source}: {found}"
        );
    }
    // The message handler of `luajit` is one of the levels before the gap.
    let source = "local function f() f() end f()";
    let output = sandbox(&["run"], &file("deep.lua", source.as_bytes()));
    let found = text(&output.stderr);
    let (first, last) = found.split_once("\t...\n").expect("a gap");
    assert_eq!((first.lines().count(), last.lines().count()), (2 + 11, 10));

    let output = sandbox(&["run"], &PathBuf::from("/no/such.lua"));
    let said = "sandbox: cannot open /no/such.lua: No such file or directory\n";
    assert_eq!(
        (output.status.code(), text(&output.stderr).as_str()),
        (Some(1), said)
    );
    let output = sandbox(&["run"], &PathBuf::from("/"));
    assert_eq!(
        text(&output.stderr),
        "sandbox: cannot read /: Is a directory\n"
    );
}

#[test]
fn a_program_ends_when_nobody_reads_it() {
    let path = file("chatty.lua", b"while true do print('again and again') end");
    let mut child = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .arg("run")
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    let mut output = child.stdout.take().expect("a pipe");
    output.read_exact(&mut [0; 10]).expect("it prints");
    drop(output);
    let end = child.wait_with_output().expect("it ends");
    assert_eq!(
        (end.status.code(), text(&end.stderr).as_str()),
        (Some(141), "")
    );
}

#[test]
fn what_is_open_is_written_at_the_end() {
    let folder = file("folder", b"").parent().expect("a folder").to_owned();
    for (end, name) in [("", "end"), ("os.exit(0)", "exit"), ("error()", "error")] {
        let kept = folder.join(name);
        let source = format!(
            "local file = io.open({:?}, 'w') file:write('kept') io.write('printed') {end}",
            kept.to_str().expect("text")
        );
        let output = sandbox(&["run"], &file("open.lua", source.as_bytes()));
        assert_eq!(text(&output.stdout), "printed");
        assert_eq!(std::fs::read(&kept).expect("a file"), b"kept", "{end}");
    }
    // Commands that are still running are waited for.
    let source = "io.popen('sleep 0.2; cat', 'w'):write('late')";
    let output = sandbox(&["run"], &file("late.lua", source.as_bytes()));
    assert_eq!(text(&output.stdout), "late");
}

#[test]
fn standard_streams_have_positions_when_they_are_files() {
    let path = file(
        "streams.lua",
        b"io.write(tostring(io.read()), ' ', io.stdin:seek(), ' ', io.stdin:seek('set', 2), ' ', io.read('*a'), ' ') io.write(io.stdout:seek())",
    );
    let input = file("streams.in", b"one\ntwo\n");
    let output = file("streams.out", b"");
    let status = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .arg("run")
        .arg(&path)
        .stdin(std::fs::File::open(&input).expect("opens"))
        .stdout(std::fs::File::create(&output).expect("opens"))
        .status()
        .expect("runs");
    assert!(status.success());
    assert_eq!(
        text(&std::fs::read(&output).expect("reads")),
        "one 4 2 e\ntwo\n 15"
    );
    let piped = sandbox_with_input(&["run", path.to_str().expect("text")], b"one\n");
    assert!(
        text(&piped.stderr).contains("bad argument"),
        "{}",
        text(&piped.stderr)
    );
    let ask = file(
        "ask.lua",
        b"print(io.stdin:seek()) print(io.stdout:seek()) print(io.stdin:read())",
    );
    let piped = sandbox_with_input(&["run", ask.to_str().expect("text")], b"one\n");
    assert_eq!(
        text(&piped.stdout),
        "nil\tIllegal seek\t29\nnil\tIllegal seek\t29\none\n"
    );
}

#[test]
fn variables_choose_the_paths() {
    let path = file("paths.lua", b"print(package.path) print(package.cpath)");
    let run = |options: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .arg("run")
            .arg(&path)
            .args(options)
            .env("LUA_PATH", "/first/?.lua;;/last/?.lua")
            .env("LUA_CPATH", "/only/?.so")
            .output()
            .expect("runs");
        text(&output.stdout)
    };
    let default = "./?.lua;/usr/local/share/luajit-2.1/?.lua;/usr/local/share/lua/5.1/?.lua;/usr/local/share/lua/5.1/?/init.lua";
    assert_eq!(
        run(&[]),
        format!("/first/?.lua;{default};/last/?.lua\n/only/?.so\n")
    );
    let cpath = "./?.so;/usr/local/lib/lua/5.1/?.so;/usr/local/lib/lua/5.1/loadall.so";
    assert_eq!(run(&["--policy", "pure"]), format!("{default}\n{cpath}\n"));
}

#[test]
fn listings_are_those_of_luajit() {
    if Command::new("luajit").arg("-v").output().is_err() {
        return;
    }
    let mut compared = 0;
    for path in conformance::cases::programs() {
        let theirs = Command::new("luajit").arg("-bl").arg(&path).output();
        let theirs = theirs.expect("luajit runs");
        if !theirs.status.success() {
            continue;
        }
        let ours = sandbox(&["disasm"], &path);
        assert!(ours.stdout == theirs.stdout, "{}", path.display());
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn help_and_version_are_told() {
    for words in [
        &["--help"][..],
        &["help"],
        &["run", "--help"],
        &["repl", "-h"],
        &["disasm", "--help"],
    ] {
        let output = sandbox_with_input(words, b"");
        assert!(
            output.status.success() && text(&output.stdout).starts_with("usage: sandbox "),
            "{words:?}"
        );
    }
    let output = sandbox_with_input(&["--version"], b"");
    assert!(text(&output.stdout).starts_with(concat!("sandbox ", env!("CARGO_PKG_VERSION"))));
    for words in [
        &["run"][..],
        &["run", "--bogus", "x"],
        &["run", "x", "--policy", "none"],
        &["run", "x", "--fuel", "much"],
        &["disasm"],
        &[],
    ] {
        let output = sandbox_with_input(words, b"");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(
            text(&output.stderr).contains("usage: sandbox run")
                || text(&output.stderr).contains("--help` says what it takes"),
            "{words:?}"
        );
    }
    let output = sandbox_with_input(&["run", "x", "--fuel", "much"], b"");
    let said = text(&output.stderr);
    assert!(said.starts_with("sandbox: run: --fuel: "), "{said}");
    for words in [["run", "x"], ["test", "."], ["repl", "--policy=pure"]] {
        let output = sandbox_with_input(&[&words[..], &["--memory", "1000"]].concat(), b"");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(
            text(&output.stderr).contains("no room for the library"),
            "{words:?}"
        );
    }
    let output = sandbox_with_input(&["conform", "no-such-scenario"], b"");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_order_of_pairs_depends_on_the_seed_alone() {
    let path = file(
        "order.lua",
        b"local t = {} for i = 1, 50 do t['k' .. i] = i end for k in pairs(t) do io.write(k, ' ') end",
    );
    let order = |seed: &str| text(&sandbox(&["run", "--seed", seed], &path).stdout);
    let first = order("1");
    assert_eq!(first.split_whitespace().count(), 50);
    assert_eq!(first, order("1"));
    assert!((2..10).any(|seed| order(&seed.to_string()) != first));
}

#[test]
fn local_times_that_occur_twice_are_the_first() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases/beyond/local_time.lua");
    for zone in ["CET-1CEST,M3.5.0,M10.5.0/3", "UTC"] {
        let output = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .arg("run")
            .arg(&path)
            .env("TZ", zone)
            .output()
            .expect("runs");
        assert!(output.status.success(), "{zone}: {}", text(&output.stderr));
    }
}
