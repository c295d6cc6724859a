//! The commands `sandbox test` and `sandbox replay` for tokens of specs.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::report::{self, Counts, Format, Reporter};
use super::{Host, Options};

pub const USAGE: &str = "\
usage: sandbox test PATH… [options]

Runs busted-style specs in the deterministic test VM, each test under many schedules of its threads.
A PATH is a file, or a folder with `*_spec.lua` in it. Time is virtual: sleeps and timers take none.
`require` finds the working directory's `lua/?.lua` and `lua/?/init.lua`.

  --schedules N      schedules for each test that has threads (default 200)
  --seed N           what schedules and random numbers are made from (default 0)
  --filter PATTERN   only tests whose full name matches the Lua pattern; may be repeated
  --exclude PATTERN  no tests whose full name matches; may be repeated
  --helper FILE      a Lua file to run before each spec; may be repeated
  --lpath PATTERN    a pattern for `package.path`, such as `./deps/?.lua`; may be repeated
  --fuel N           calls and loop iterations allowed to a test (default 200000000)
  --memory BYTES     bytes allowed to the VM (default 536870912)
  --host NAME        `vm` (default), or `nvim`: a real headless Neovim with real threads, once
  --output NAME      `plain` (default), `tap` or `json`
  --junit FILE       writes JUnit's XML there too
  --durations        shows how long tests take, on the virtual clock, and all on the real one

exit status: 0, or 1 when a test fails, 2 for bad usage or without a spec";

/// What one of the commands was asked for.
#[derive(Debug, Default)]
struct Request {
    options: Options,
    format: Format,
    junit: Option<PathBuf>,
    durations: bool,
}

fn host(name: &str) -> Result<Host, String> {
    match name {
        "vm" => Ok(Host::Vm),
        "nvim" => Ok(Host::Neovim),
        _ => Err(format!("there is no host '{name}': it is `vm` or `nvim`")),
    }
}

/// The words that replay a token, as this command was typed.
fn replay_words(options: &Options) -> String {
    let name = std::env::args_os().next().unwrap_or_default();
    let mut words = format!("{} replay", name.to_string_lossy());
    for helper in &options.helpers {
        words.push_str(&format!(" --helper {helper}"));
    }
    for pattern in &options.path {
        words.push_str(&format!(" --lpath '{pattern}'"));
    }
    words
}

/// The library, `vim` and this runner come first.
fn memory(text: &str) -> Result<usize, String> {
    crate::run::memory_limit(text, 10 * crate::run::LEAST_MEMORY)
}

/// Runs `sandbox test` with the words that are left; `None` when its usage is asked for.
///
/// # Errors
///
/// For bad usage.
pub fn test(mut parser: lexopt::Parser) -> Result<Option<ExitCode>, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut request = Request::default();
    let options = &mut request.options;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("schedules") => {
                options.schedules = parser.value()?.parse_with(|text| match text.parse() {
                    Ok(0) | Err(_) => Err("it is a number from 1 on"),
                    Ok(count) => Ok(count),
                })?;
            }
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("filter") => options.filter.push(parser.value()?.string()?),
            Long("exclude") => options.exclude.push(parser.value()?.string()?),
            Long("helper") => options.helpers.push(parser.value()?.string()?),
            Long("lpath") => options.path.push(parser.value()?.string()?),
            Long("fuel") => options.fuel = parser.value()?.parse()?,
            Long("memory") => options.memory = parser.value()?.parse_with(memory)?,
            Long("host") => options.host = parser.value()?.parse_with(host)?,
            Long("output") => request.format = parser.value()?.parse()?,
            Long("junit") => request.junit = Some(parser.value()?.into()),
            Long("durations") => request.durations = true,
            Long("help") | Short('h') => return Ok(None),
            Value(path) => options.paths.push(path.into()),
            other => return Err(other.unexpected()),
        }
    }
    if options.paths.is_empty() {
        return Err("test which files or folders?".into());
    }
    Ok(Some(run(&request)))
}

fn run(request: &Request) -> ExitCode {
    let options = &request.options;
    let started = Instant::now();
    let words = replay_words(options);
    let out = anstream::stdout().lock();
    let mut reporter = Reporter::new(out, request.format, request.durations, words.clone());
    let mut written = Ok(());
    let result = super::run(options, |file| {
        if written.is_ok() {
            written = reporter.file(file);
        }
    });
    let files = match result {
        Ok(files) => files,
        Err(problem) => return complain(&problem),
    };
    let elapsed = started.elapsed();
    let written =
        written.and_then(|()| reporter.finish(&files, options.host, options.schedules, elapsed));
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        return complain(&error.to_string());
    }
    if let Some(path) = &request.junit {
        let result = File::create(path)
            .and_then(|file| report::write_junit(BufWriter::new(file), &files, &words));
        if let Err(error) = result {
            return complain(&format!("cannot write {}: {error}", path.display()));
        }
    }
    let counts = Counts::of(&files);
    let is_chosen = !options.filter.is_empty() || !options.exclude.is_empty();
    if is_chosen && counts.passed + counts.failed + counts.pending == 0 {
        // A filter with a slip in it must not look like success.
        return complain("no test has such a name: see --filter and --exclude");
    }
    ExitCode::from(u8::from(counts.failed > 0))
}

/// Runs `sandbox replay` for a token of ours.
///
/// # Errors
///
/// For bad usage.
pub fn replay(token: &str, mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, ValueExt};
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("helper") => options.helpers.push(parser.value()?.string()?),
            Long("lpath") => options.path.push(parser.value()?.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let file = match super::replay(token, &options) {
        Ok(file) => file,
        Err(problem) => return Ok(complain(&problem)),
    };
    let words = replay_words(&options);
    let mut reporter = Reporter::new(anstream::stdout().lock(), Format::Plain, false, words);
    let files = [file];
    // Nobody can be told when standard output is closed.
    let _ = reporter.file(&files[0]);
    let _ = reporter.finish(&files, Host::Vm, 1, Duration::ZERO);
    Ok(ExitCode::from(u8::from(Counts::of(&files).failed > 0)))
}

fn complain(problem: &str) -> ExitCode {
    anstream::eprintln!("sandbox: {problem}");
    ExitCode::from(2)
}
