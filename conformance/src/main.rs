//! The command `sandbox`: runs and shows Lua files with our own VM, and talks Lua at a prompt.

#![forbid(unsafe_code)]

mod explore_command;
mod mutations_command;
mod replay_command;
mod soak_command;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::ExitCode;

use conformance::conform::{self, Host, Schedules, Shard};
use conformance::differential;
use conformance::run::{self, RunError, RunOptions};
use conformance::{repl, spec};
use interpreter::Recycler;
use interpreter::bytecode::disassemble::Listing;

#[global_allocator]
static ALLOCATOR: Recycler = Recycler;

const USAGE: &str = "\
usage: sandbox run FILE [ARG…] [options]   run a Lua file or dump in the VM
       sandbox repl [options]              read Lua from a prompt
       sandbox disasm FILE [options]       show the bytecode of a Lua file or dump
       sandbox differential [options]      compare the VM with LuaJIT on random programs
       sandbox test PATH… [options]        run busted-style specs under many schedules
       sandbox conform [FILTER] [options]  run the conformance suite of the sync guarantee
       sandbox mutations [FILTER] [options]
                                           test that suite: does it notice deliberate defects?
       sandbox explore [options]           run random programs across the bridge, against an oracle
       sandbox soak [options]              run callbacks without end, and look at memory
       sandbox replay TOKEN                repeat a run that failed
       sandbox COMMAND --help              say more about a command
       sandbox --version

The file `-` is standard input.";

const RUN_USAGE: &str = "\
usage: sandbox run FILE [ARG…] [options]

Runs a Lua file, or what `string.dump` has made of one, in the VM.
FILE may be `-`, for standard input. Its arguments are in `...` and `arg`; options that are not listed
here and stand behind FILE are among them, and so is everything behind `--`.

  --seed N        decides hash order (default 0)
  --fuel N        calls and loop iterations allowed in all
  --memory BYTES  bytes of Lua data allowed
  --timeout MS    milliseconds allowed
  --policy NAME   `trusted` (default) or `pure`: no files, no variables, no processes

exit status: 0, or what `os.exit` was given, or 1 after an error, 2 for bad usage,
             3 when a limit ended the program, 141 when nobody reads its output any more";

const REPL_USAGE: &str = "\
usage: sandbox repl [options]

Reads Lua line by line and prints the values of expressions; an unfinished chunk goes on in the next line.
`=` in front of an expression may be left out. Ctrl-C stops what runs, Ctrl-D leaves.
When standard input is no terminal there are no prompts, and the exit status is 1 if any chunk has failed.

  --seed N        decides hash order (default 0)
  --memory BYTES  bytes of Lua data allowed
  --policy NAME   `trusted` (default) or `pure`: no files, no variables, no processes";

const DISASM_USAGE: &str = "\
usage: sandbox disasm FILE [options]

Shows the bytecode of a Lua file, or of what `string.dump` has made of one, as `luajit -bl` does.
FILE may be `-`, for standard input.

  --lines         the source line of each instruction, as `luajit -bL` does
  --constants     all constants of each function";

const DIFFERENTIAL_USAGE: &str = "\
usage: sandbox differential [options]

Runs random programs in the VM and in LuaJIT's interpreter and compares what they print, byte by byte.
A program on which they differ is made as small as it gets and printed.

  --count N       programs (default 1000)
  --seed N        of the first program; the next has N + 1 (default 0)
  --size N        statements of a program, about (default 40)
  --peer FILE     the `luajit` or `nvim` to compare with (default `luajit`)
  --show          print the program of the seed and run nothing

exit status: 0, or 1 when a program differs, 2 for bad usage or without a peer";

const CONFORM_USAGE: &str = "\
usage: sandbox conform [FILTER] [options]

Runs the scenarios of `conformance/scenarios` whose names contain FILTER; `SPEC.md` says what they test.
Those in `known_gaps` must fail across a bridge. The last line is `N scenarios: P passed, F failed`.

  --host NAME     `nvim` (default): a real Neovim with real threads;
                  `threads`: real threads, with a main that has no event loop and random pauses;
                  `vm`: the same bridge on one thread in virtual time, where a schedule decides what happens next;
                  `one`: one VM, where sharing is native; `luajit`: the same in LuaJIT
  --schedules N   runs of each scenario on `vm` and `threads`, each with another schedule (default 3)
  --seed S        of the first schedule; the next has S + 1 (default 0)
  --trace FILE    on `vm`: append all messages, in both directions, to a file; equal seeds make equal files
  --shard I/N     only every N-th scenario, beginning with the I-th
  --release       with a release build of the library
  --verbose       tell of each scenario, not only of those that fail

exit status: 0, or 1 when a scenario fails, 2 for bad usage or without the host";

const COMMANDS: [&str; 10] = [
    "run",
    "repl",
    "disasm",
    "differential",
    "test",
    "conform",
    "mutations",
    "explore",
    "soak",
    "replay",
];

/// Options of `run` that count behind the file too.
const RUN_OPTIONS: [&str; 5] = ["--seed", "--fuel", "--memory", "--timeout", "--policy"];

fn main() -> ExitCode {
    match dispatch() {
        Ok(code) => code,
        Err(error) => {
            complain(misuse(&error).as_bytes());
            ExitCode::from(2)
        }
    }
}

/// Says what was wrong with the arguments, and where to read what is right.
fn misuse(error: &lexopt::Error) -> String {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let command = words.first().and_then(|word| word.to_str());
    let Some(command) = command.filter(|command| COMMANDS.contains(command)) else {
        return format!("{error}\n{USAGE}");
    };
    // The error knows the value; the option stands before it.
    let option = match error {
        lexopt::Error::ParsingFailed { value, .. } => {
            let place = words
                .iter()
                .rposition(|word| word.as_os_str() == OsStr::new(value));
            let option = place.and_then(|place| words.get(place.checked_sub(1)?)?.to_str());
            option.filter(|option| option.starts_with('-'))
        }
        _ => None,
    };
    let option = option.map_or(String::new(), |option| format!("{option}: "));
    format!("{command}: {option}{error}\n`sandbox {command} --help` says what it takes")
}

/// Writes to standard error; nobody can be told when that fails.
fn complain(text: &[u8]) {
    let line = [b"sandbox: ", text, b"\n"].concat();
    let _ = io::stderr().write_all(&line);
}

/// Writes to standard output.
fn show(text: &[u8]) -> ExitCode {
    let mut output = io::stdout();
    match output.write_all(text).and_then(|()| output.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::from(RunError::OutputClosed.status())
        }
        Err(error) => {
            complain(error.to_string().as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn show_line(text: &str) -> ExitCode {
    show(format!("{text}\n").as_bytes())
}

fn dispatch() -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value};
    let mut parser = lexopt::Parser::from_env();
    match parser.next()? {
        Some(Value(command)) => match command.to_str() {
            Some("run") => run_command(parser),
            Some("repl") => repl_command(parser),
            Some("disasm") => disassemble_command(parser),
            Some("differential") => differential_command(parser),
            Some("conform") => conform_command(parser),
            Some("mutations") => mutations_command::mutations(parser),
            Some("explore") => explore_command::explore(parser),
            Some("soak") => soak_command::soak(parser),
            Some("replay") => replay_command::replay(parser),
            Some("test") => {
                let code = spec::command::test(parser)?;
                Ok(code.unwrap_or_else(|| show_line(spec::command::USAGE)))
            }
            Some("help") => Ok(show_line(USAGE)),
            _ => Err(format!("unknown command '{}'", command.to_string_lossy()).into()),
        },
        Some(Long("help") | Short('h')) => Ok(show_line(USAGE)),
        Some(Long("version") | Short('V')) => Ok(show_line(&version())),
        Some(other) => Err(other.unexpected()),
        None => Err("which command?".into()),
    }
}

fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("sandbox {version}, a Lua VM in the dialect of LuaJIT 2.1")
}

/// Returns whether the next argument is one of the file's own: an option that nobody here knows.
fn is_for_program(argument: &OsStr) -> bool {
    let Some(text) = argument.to_str() else {
        return true;
    };
    let name = text.split_once('=').map_or(text, |(name, _)| name);
    name != "--" && !RUN_OPTIONS.contains(&name)
}

fn memory(text: &str) -> Result<usize, String> {
    run::memory_limit(text, run::LEAST_MEMORY)
}

fn policy(parser: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
    let name = parser.value()?;
    match name.to_str() {
        Some("trusted") => Ok(false),
        Some("pure") => Ok(true),
        _ => {
            let name = name.to_string_lossy();
            Err(format!("there is no policy '{name}': it is `trusted` or `pure`").into())
        }
    }
}

fn run_command(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut options = RunOptions::default();
    let mut file: Option<OsString> = None;
    let mut words: Vec<OsString> = Vec::new();
    loop {
        if file.is_some()
            && let Some(mut rest) = parser.try_raw_args()
        {
            match rest.peek() {
                Some(argument) if argument == "--" => {
                    words.extend(rest.skip(1));
                    break;
                }
                Some(argument) if is_for_program(argument) => {
                    words.extend(rest.next());
                    continue;
                }
                _ => {}
            }
        }
        match parser.next()? {
            Some(Long("seed")) => options.seed = parser.value()?.parse()?,
            Some(Long("fuel")) => options.fuel = Some(parser.value()?.parse()?),
            Some(Long("memory")) => options.memory = Some(parser.value()?.parse_with(memory)?),
            Some(Long("timeout")) => options.timeout_ms = Some(parser.value()?.parse()?),
            Some(Long("policy")) => options.is_pure = policy(&mut parser)?,
            Some(Long("help") | Short('h')) => return Ok(show_line(RUN_USAGE)),
            Some(Value(name)) => {
                let rest = parser.raw_args()?.as_slice().len();
                let all: Vec<OsString> = std::env::args_os().collect();
                options.command = all[..all.len() - rest - 1].to_vec();
                file = Some(name);
            }
            Some(other) => return Err(other.unexpected()),
            None => break,
        }
    }
    let Some(file) = file else {
        return Err("run which file?".into());
    };
    let result = run::run_file(file.as_ref(), &words, &options);
    Ok(answer(result.map(|()| ExitCode::SUCCESS)))
}

/// Says what went wrong and returns the exit status.
fn answer(result: Result<ExitCode, RunError>) -> ExitCode {
    result.unwrap_or_else(|error| {
        if let Some(message) = error.message() {
            complain(&message.0);
        }
        ExitCode::from(error.status())
    })
}

fn repl_command(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, ValueExt};
    let mut options = RunOptions::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("memory") => options.memory = Some(parser.value()?.parse_with(memory)?),
            Long("policy") => options.is_pure = policy(&mut parser)?,
            Long("help") | Short('h') => return Ok(show_line(REPL_USAGE)),
            other => return Err(other.unexpected()),
        }
    }
    Ok(ExitCode::from(repl::run(&options, &version())))
}

fn differential_command(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, ValueExt};
    let mut options = differential::Options::default();
    let mut show = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("count") => options.count = parser.value()?.parse()?,
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("size") => options.size = parser.value()?.parse()?,
            Long("peer") => options.peer = parser.value()?.into(),
            Long("show") => show = true,
            Long("help") | Short('h') => return Ok(show_line(DIFFERENTIAL_USAGE)),
            other => return Err(other.unexpected()),
        }
    }
    if show {
        let program = differential::program(options.seed, options.size);
        return Ok(show_line(program.render().trim_end()));
    }
    let mut out = io::stdout();
    let summary = differential::compare(&options, |difference| {
        let _ = writeln!(out, "{difference}");
    });
    Ok(match summary {
        Ok(summary) => {
            let _ = writeln!(out, "{summary}");
            ExitCode::from(u8::from(summary.different > 0))
        }
        Err(error) => {
            let peer = options.peer.display();
            complain(format!("cannot compare with {peer}: {error}").as_bytes());
            ExitCode::from(2)
        }
    })
}

fn conform_command(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let (mut host, mut shard) = (Host::Neovim, Shard::default());
    let mut filter: Option<String> = None;
    let mut is_verbose = false;
    let mut schedules = Schedules::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("schedules") => schedules.count = parser.value()?.parse()?,
            Long("seed") => schedules.seed = parser.value()?.parse()?,
            Long("trace") => schedules.trace = Some(parser.value()?.into()),
            Long("release") => "release".clone_into(&mut schedules.profile),
            Long("host") => host = parser.value()?.parse()?,
            Long("shard") => shard = parser.value()?.parse()?,
            Long("verbose") => is_verbose = true,
            Long("help") | Short('h') => return Ok(show_line(CONFORM_USAGE)),
            Value(text) if filter.is_none() => filter = Some(text.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let filter = filter.unwrap_or_default();
    let scenarios = conform::scenarios(&filter, shard);
    if scenarios.is_empty() && conform::scenarios(&filter, Shard::default()).is_empty() {
        complain(b"conform: no scenario has such a name");
        return Ok(ExitCode::from(2));
    }
    let mut out = io::stdout();
    let mut passed = 0;
    let result = conform::run(host, &scenarios, &schedules, |scenario, outcome| {
        passed += usize::from(outcome.is_expected());
        if is_verbose || !outcome.is_expected() {
            let _ = writeln!(out, "{}: {outcome}", scenario.name);
        }
    });
    if let Err(error) = result {
        complain(error.as_bytes());
        return Ok(ExitCode::from(2));
    }
    let (count, failed) = (scenarios.len(), scenarios.len() - passed);
    let _ = writeln!(out, "{count} scenarios: {passed} passed, {failed} failed");
    Ok(ExitCode::from(u8::from(failed > 0)))
}

fn disassemble_command(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value};
    let mut listing = Listing::default();
    let mut file: Option<OsString> = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("lines") | Short('L') => listing.lines = true,
            Long("constants") => listing.constants = true,
            Long("help") | Short('h') => return Ok(show_line(DISASM_USAGE)),
            Value(name) if file.is_none() => file = Some(name),
            other => return Err(other.unexpected()),
        }
    }
    let Some(file) = file else {
        return Err("show which file?".into());
    };
    let listing = run::disassemble_file(file.as_ref(), listing);
    Ok(answer(listing.map(|listing| show(&listing))))
}
