//! The commands `sandbox explore`, and `sandbox replay` for its tokens.

use std::io::{self, Write};
use std::process::ExitCode;

use conformance::explore::{self, Failure, Options, Summary, Token};

use crate::{complain, show_line};

const USAGE: &str = "\
usage: sandbox explore [options]

Runs random programs whose callbacks main fires meanwhile, and compares all that can be observed with what the
same program does in one ordinary VM (piccolo) with its callbacks where they have landed.
A program that fails is made as small as it gets and printed with a token for `sandbox replay`.

  --host NAME     `vm` (default): both ends of the bridge on one thread, in virtual time, as a seed decides;
                  `threads`: real threads and a plain main; `nvim`: a real Neovim with real threads;
                  `one`: one VM of ours, which tests the programs
  --count N       programs (default 1000)
  --seed S        of the first program; the next has S + 1 (default 0)
  --schedules K   for each program (default 10)
  --size N        statements of a program, about (default 30)
  --all N         instead of random schedules all of them, for N callbacks (host `vm`; take a small size)
  --shard I/N     only every N-th program, beginning with the I-th
  --jobs N        hosts that run programs at the same time (default 1)
  --failures N    stop after so many (default 5)
  --release       with a release build of the library
  --show          print the program of the seed and run nothing

exit status: 0, or 1 when a program fails, 2 for bad usage or without the host";

/// Runs `sandbox explore`.
pub(crate) fn explore(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, ValueExt};
    let mut options = Options::default();
    let mut callbacks: Option<usize> = None;
    let mut show = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("host") => options.host = parser.value()?.parse()?,
            Long("count") => options.count = parser.value()?.parse()?,
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("schedules") => options.schedules = parser.value()?.parse()?,
            Long("size") => options.size = parser.value()?.parse()?,
            Long("all") => callbacks = Some(parser.value()?.parse()?),
            Long("shard") => options.shard = parser.value()?.parse()?,
            Long("jobs") => options.jobs = parser.value()?.parse()?,
            Long("failures") => options.failures = parser.value()?.parse()?,
            Long("release") => "release".clone_into(&mut options.profile),
            Long("show") => show = true,
            Long("help") | Short('h') => return Ok(show_line(USAGE)),
            other => return Err(other.unexpected()),
        }
    }
    if show {
        let program = explore::program(options.seed, options.size);
        let source = program.render(explore::Spelling::Source);
        let text = format!("{source}fires {}", program.render_fires());
        return Ok(show_line(&text));
    }
    let mut out = io::stdout();
    let tell = |failure: &Failure| {
        let _ = writeln!(out, "{failure}");
    };
    let result: Result<Summary, String> = match callbacks {
        Some(0) => return Err("--all takes a number of callbacks, at least 1".into()),
        Some(callbacks) => explore::explore_all(&options, callbacks, tell),
        None => explore::explore(&options, tell),
    };
    Ok(match result {
        Ok(summary) => {
            let _ = writeln!(io::stdout(), "{summary}");
            ExitCode::from(u8::from(summary.failures > 0))
        }
        Err(error) => {
            complain(error.as_bytes());
            ExitCode::from(2)
        }
    })
}

/// Repeats a run that `sandbox explore` has named.
pub(crate) fn replay(token: &Token) -> ExitCode {
    match explore::repeat(token, 200, "dev") {
        Ok(None) => show_line("it does not fail"),
        Ok(Some(failure)) => {
            show_line(&failure.to_string());
            ExitCode::FAILURE
        }
        Err(error) => {
            complain(error.as_bytes());
            ExitCode::from(2)
        }
    }
}
