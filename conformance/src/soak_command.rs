//! The command `sandbox soak`.

use std::io::{self, Write};
use std::process::ExitCode;

use conformance::soak::{self, Options};

use crate::{complain, show_line};

const USAGE: &str = "\
usage: sandbox soak [options]

Runs callbacks, recursive closures that are made on main, and cycles through both heaps, and measures at each tenth
main's heap, the thread's and the process: none may be more than 5 % above what it was at the first, and nothing
may be shared at the end.

  --host NAME     `vm` (default): both ends of the bridge on one thread, in virtual time, as a seed decides;
                  `nvim`: a real Neovim with a real thread
  --callbacks N   how many (default 200000); below a million, memory may move by some steps besides
  --seed S        of the schedule on `vm` (default 0)
  --release       with a release build of the library

exit status: 0, or 1 when memory grows, 2 for bad usage or without the host";

/// Runs `sandbox soak`.
pub(crate) fn soak(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, ValueExt};
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("host") => options.host = parser.value()?.parse()?,
            Long("callbacks") => options.callbacks = parser.value()?.parse()?,
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("release") => "release".clone_into(&mut options.profile),
            Long("help") | Short('h') => return Ok(show_line(USAGE)),
            other => return Err(other.unexpected()),
        }
    }
    let mut out = io::stdout();
    let result = soak::run(&options, |line| {
        let _ = writeln!(out, "{line}");
    });
    Ok(match result {
        Ok(is_flat) => ExitCode::from(u8::from(!is_flat)),
        Err(error) => {
            complain(error.as_bytes());
            ExitCode::from(2)
        }
    })
}
