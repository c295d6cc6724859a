//! Programs that want more than there is: depth, memory, source text, time. Each ends with an error or a result, never
//! with a crash, and takes little more memory than it is allowed. One process each, so that its peak is known.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use wait4::Wait4;

/// Bytes of Lua data that the programs are allowed.
const MEMORY: u64 = 64 << 20;

/// Most resident bytes of a process: what is built before it is counted comes on top of the limit.
const RESIDENT: u64 = MEMORY * 5 / 2;

/// Fuel of each program.
const FUEL: &str = "20000000";

/// Runs a program under the limits and returns its exit status, and what it printed.
///
/// # Panics
///
/// When it crashes, or takes too much memory.
fn run(name: &str, source: &str) -> (i32, String) {
    let folder = std::env::temp_dir().join(format!("sandbox-robustness-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let path: PathBuf = folder.join(format!("{name}.lua"));
    std::fs::write(&path, source).expect("a temporary file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["run", "--memory", &MEMORY.to_string(), "--fuel", FUEL])
        .arg(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut pipes: [Option<Box<dyn Read>>; 2] = [
        child.stdout.take().map(|pipe| Box::new(pipe) as _),
        child.stderr.take().map(|pipe| Box::new(pipe) as _),
    ];
    let mut bytes = Vec::new();
    for pipe in pipes.iter_mut().flatten() {
        pipe.read_to_end(&mut bytes).expect("reads");
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let ended = child.wait4().expect("the command ends");
    let code = ended.status.code();
    let code = code.unwrap_or_else(|| panic!("{name} crashed: {text}"));
    assert!([0, 1, 3].contains(&code), "{name}: {code}: {text}");
    assert!(!text.contains("panicked"), "{name}: {text}");
    let resident = ended.rusage.maxrss;
    assert!(resident <= RESIDENT, "{name} took {resident} bytes: {text}");
    (code, text)
}

/// Checks that each program ends for want of memory.
fn run_out_of_memory(programs: &[(&str, &str)]) {
    for (name, source) in programs {
        let (code, text) = run(name, source);
        assert_eq!(
            (code, text.as_str()),
            (3, "sandbox: out of memory\n"),
            "{name}"
        );
    }
}

/// Checks what each program prints.
fn print(programs: &[(&str, &str, &str)]) {
    for (name, source, expected) in programs {
        let (code, text) = run(name, source);
        assert_eq!((code, text.trim_end()), (0, *expected), "{name}");
    }
}

#[test]
fn strings_of_a_gigabyte() {
    run_out_of_memory(&[
        (
            "concat",
            "local s = ('x'):rep(2^20) while #s < 1e9 do s = s .. s end",
        ),
        (
            "append",
            "local m, s = ('x'):rep(2^20), '' while #s < 1e9 do s = s .. m end",
        ),
        (
            "table_concat",
            "local m, t = ('x'):rep(2^20), {} for i = 1, 1000 do t[i] = m end return #table.concat(t)",
        ),
        (
            "format",
            "local s = 'x' while #s < 1e9 do s = ('%99s%s%s'):format(s, s, s) end",
        ),
        (
            "gsub",
            "local s = ('x'):rep(1000) while #s < 1e9 do s = s:gsub('x', 'xxxx') end",
        ),
        (
            "gsub_function",
            "local m = ('x'):rep(2^20) return (('x'):rep(1000):gsub('x', function() return m end))",
        ),
        (
            "buffer_put",
            "local m, b = ('x'):rep(2^20), require('string.buffer').new() for i = 1, 1000 do b:put(m) end",
        ),
        (
            "buffer_encode",
            "local e, t = require('string.buffer').encode, {} for i = 1, 1000 do t = { e(t), e(t) } end",
        ),
    ]);
    print(&[(
        "rep",
        "print(pcall(string.rep, 'x', 1e9)) print(pcall(string.rep, 'x', 5e8, ',')) print(pcall(string.rep, '', 1e9, 'abc'))
         print(#string.rep('x', 3e7))",
        "false\tnot enough memory\nfalse\tnot enough memory\nfalse\tnot enough memory\n30000000",
    )]);
}

#[test]
fn tables_of_fifty_million_entries() {
    run_out_of_memory(&[
        ("array", "local t = {} for i = 1, 5e7 do t[i] = i end"),
        ("backwards", "local t = {} for i = 5e7, 1, -1 do t[i] = i end"),
        ("hash", "local t = {} for i = 1, 5e7 do t[i + 0.5] = i end"),
        ("keys", "local t = {} for i = 1, 5e7 do t['key' .. i] = i end"),
        ("insert", "local t = {} for i = 1, 5e7 do table.insert(t, i) end"),
        ("rawset", "local t = {} for i = 1, 5e7 do rawset(t, i, i) end"),
        ("move", "local t = { 1 } for i = 1, 30 do table.move(t, 1, #t, #t + 1) end"),
        ("constructor", "local t, n = {}, 0 local function many(...) t[#t + 1] = { ... } return many(1, ...) end
          while true do pcall(many) end"),
        ("tables", "local t = {} for i = 1, 5e7 do t[i] = {} end"),
        ("closures", "local t = {} for i = 1, 5e7 do t[i] = function() return i end end"),
        ("coroutines", "local t = {} for i = 1, 5e7 do t[i] = coroutine.create(print) end"),
    ]);
    print(&[(
        "new",
        "local new = require('table.new') print(pcall(new, 5e7, 0)) print(pcall(new, 0, 5e7)) print(type(new(1e6, 0)))",
        "false\tnot enough memory\nfalse\tnot enough memory\ntable",
    )]);
}

#[test]
fn depth() {
    print(&[
        (
            "pcalls",
            "local n = 0
             local function nested(k) n = n + 1 if k > 1 then return pcall(nested, k - 1) end end
             for _ = 1, 1000 do nested(1000) end
             print(n)
             for _ = 1, 1000000 do pcall(pcall, error) end
             local function deep() local ok, e = pcall(deep) if not ok then error(e, 0) end return ok end
             print(pcall(deep))
             local function tail() return pcall(tail) end
             print((tail()))",
            "1000000\nfalse\tstack overflow\ntrue",
        ),
        (
            "coroutines_in_coroutines",
            "local function nest(n) if n == 0 then return 0 end return 1 + coroutine.wrap(nest)(n - 1) end
             print(pcall(nest, 200))
             local ok, e = pcall(nest, 100000)
             print(ok, #e > 1000 and e:sub(-16))",
            "true\t200\nfalse\tC stack overflow",
        ),
    ]);
    // Each level of a `gsub` in a `gsub` has its own state: memory may end before the stack does.
    let (_, text) = run(
        "gsubs",
        "local function f(c) return (c:gsub('.', f)) end print(pcall(f, 'x'))",
    );
    assert!(
        text.contains("stack overflow") || text == "sandbox: out of memory\n",
        "{text}"
    );
}

/// Functions that call themselves by way of something else, up to the limit of the stack.
#[test]
fn recursion() {
    let of_operators = [
        ("add", "return a + b", "return t + u"),
        ("concat", "return a .. b", "return t .. u"),
        ("call", "return (a())", "return (t())"),
        ("index", "return a[b]", "return t.x"),
        ("newindex", "a[b] = b", "t.x = 1"),
        ("eq", "return a == b", "return t == u"),
        ("lt", "return a < b", "return t < u"),
        ("unm", "return -a", "return -t"),
        ("tostring", "return (tostring(a))", "return tostring(t)"),
    ];
    let mut programs: Vec<(&str, String)> = of_operators
        .iter()
        .map(|(name, body, start)| {
            let source = format!(
                "local function f(a, b) {body} end local mt = {{ __{name} = f }}
                 local t, u = setmetatable({{}}, mt), setmetatable({{}}, mt)
                 for _ = 1, 20 do r = {{ pcall(function() {start} end) }} end"
            );
            (*name, source)
        })
        .collect();
    for (name, source) in [
        (
            "calls",
            "local function f() return 1 + f() end for _ = 1, 20 do r = { pcall(f) } end",
        ),
        (
            "varargs",
            "local function f(...) return (f(1, ...)) end for _ = 1, 20 do r = { pcall(f) } end",
        ),
        (
            "sort",
            "local function f() table.sort({ 3, 2, 1 }, f) end r = { pcall(f) }",
        ),
        (
            "foreach",
            "local function f() return table.foreach({ 1 }, f) end r = { pcall(f) }",
        ),
        (
            "iterators",
            "local function f() for _ in f do end end r = { pcall(f) }",
        ),
        (
            "xpcalls",
            "local function f() return (select(2, xpcall(f, debug.traceback))) end
                     r = { false, f() }",
        ),
    ] {
        programs.push((name, source.to_owned()));
    }
    for (name, source) in programs {
        let source =
            format!("local r {source} print(r[1], tostring(r[2]):find('stack overflow') ~= nil)");
        print(&[(name, &source, "false\ttrue")]);
    }
}

/// Calls that nothing bounds but the fuel, since none of them leaves anything on the stack, or each is made twice.
#[test]
fn endless_calls_end_with_the_fuel() {
    for (name, source) in [
        ("call", "local t t = setmetatable({}, { __call = function() return t() end }) t()"),
        ("tostring", "tostring(setmetatable({}, { __tostring = function(s) return tostring(s) end }))"),
        ("native", "tostring(setmetatable({}, { __tostring = tostring }))"),
        ("tree", "setmetatable(_G, { __index = function(t, k) if #k < 90 then k = k .. 'x' local _ = t[k], t[k] end end })
                  return x"),
        ("hooked", "debug.sethook(function() end, 'c') tostring(setmetatable({}, { __tostring = tostring }))"),
        ("wrap", "local w w = function() return coroutine.wrap(w)() end while true do pcall(w) end"),
    ] {
        let (code, text) = run(name, source);
        assert_eq!((code, text.as_str()), (3, "sandbox: out of fuel\n"), "{name}");
    }
}

#[test]
fn source_text() {
    let deep = |open: &str, close: &str| {
        format!(
            "print((select(2, load('return ' .. ('{open}'):rep(1e5) .. ('{close}'):rep(1e5)))):match('[^:]*$'))"
        )
    };
    for (open, close) in [
        ("(", ")"),
        ("{", "}"),
        ("function() return ", " end"),
        ("not ", ""),
        ("1 .. ", "1"),
        ("a[", "]"),
    ] {
        let (code, text) = run("deep", &deep(open, close));
        assert_eq!(
            (code, text.trim()),
            (0, "chunk has too many syntax levels"),
            "{open}"
        );
    }
    print(&[
        (
            "lines",
            "print(pcall(load(('\\n'):rep(1e6) .. 'error(1, 0)'))) print(load(('x = 1\\n'):rep(3e5)) ~= nil)",
            "false\t1\ntrue",
        ),
        (
            "comment",
            "print(load('--[[' .. ('x'):rep(5e6) .. ']] return 1')(), load('--' .. ('x'):rep(5e6)) ~= nil)",
            "1\ttrue",
        ),
        (
            "too_much",
            "print(pcall(load, ('x = 1 '):rep(5e6)))",
            "false\tnot enough memory",
        ),
        (
            "blocks",
            "print((select(2, load(('do '):rep(1e6))):match('[^: ][^:]*$')))",
            "chunk has too many syntax levels",
        ),
        (
            "chains",
            "print(load('x = a' .. ('.b'):rep(1e5)) ~= nil, load('a' .. ('()'):rep(1e5)) ~= nil,
                   load('return ' .. ('-'):rep(1e5) .. '1') ~= nil)",
            "true\ttrue\ttrue",
        ),
    ]);
}

#[test]
fn patterns_and_loops_end_with_the_fuel() {
    for (name, source) in [
        (
            "find",
            "return (('a'):rep(3e4)):find(('a*'):rep(20) .. 'b')",
        ),
        ("gsub", "return (('a'):rep(1e5)):gsub('.-.-.-.-b', '')"),
        (
            "gmatch",
            "for _ in (('a'):rep(1e5)):gmatch('(.-)%1%1%1b') do end",
        ),
        (
            "collect",
            "local t = {} for i = 1, 1e5 do t[i] = {} end while true do collectgarbage() end",
        ),
        (
            "upper",
            "local s = ('x'):rep(1e7) while true do s = s:upper():lower() end",
        ),
    ] {
        let (code, text) = run(name, source);
        assert_eq!(
            (code, text.as_str()),
            (3, "sandbox: out of fuel\n"),
            "{name}"
        );
    }
}

#[test]
fn what_is_garbage_makes_room() {
    // Each of these needs most of the memory again and again.
    print(&[
        (
            "large_strings",
            "for i = 1, 40 do local s = ('x'):rep(2.5e7 + i) end print('done')",
            "done",
        ),
        (
            "large_tables",
            "for i = 1, 5 do local t = {} for j = 1, 2e6 do t[j] = j end end print('done')",
            "done",
        ),
        (
            "appended",
            "local s = '' for i = 1, 500 do s = s .. ('x'):rep(5000) end print(#s)",
            "2500000",
        ),
        (
            "stacks",
            "local function deep(n) if n == 0 then return 0 end return 1 + deep(n - 1) end
             for i = 1, 200 do coroutine.wrap(deep)(6000) end print('done')",
            "done",
        ),
        (
            "buffers",
            "for i = 1, 15 do local b = require('string.buffer').new() for j = 1, 20 do b:put(('x'):rep(1e6)) end end print('done')",
            "done",
        ),
    ]);
}
