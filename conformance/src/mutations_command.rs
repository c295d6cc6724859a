//! The command `sandbox mutations`.

use std::io::{self, Write};
use std::process::ExitCode;

use conformance::conform::mutations::{self, Effort};

use crate::{complain, show_line};

const USAGE: &str = "\
usage: sandbox mutations [FILTER] [options]

Builds the library with deliberate defects of the protocol and runs the conformance suite on the host `vm`
against each whose name contains FILTER. Prints which scenarios have noticed it; none is a hole in the suite.

  --schedules N   runs of each scenario (default 3)
  --seed S        of the first schedule (default 0)
  --programs N    run up to N random programs of `sandbox explore` as well, and say which one noticed (default 0)
  --quick         stop at the first scenario that notices

exit status: 0, or 1 when a defect survives or something fails without one, 2 for bad usage or without a host";

/// Scenarios that the table of mutations names, at most.
const NAMED: usize = 4;

/// Runs `sandbox mutations`.
pub(crate) fn mutations(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut effort = Effort::default();
    let mut filter: Option<String> = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("schedules") => effort.schedules.count = parser.value()?.parse()?,
            Long("seed") => effort.schedules.seed = parser.value()?.parse()?,
            Long("programs") => effort.programs = parser.value()?.parse()?,
            Long("quick") => effort.is_quick = true,
            Long("help") | Short('h') => return Ok(show_line(USAGE)),
            Value(text) if filter.is_none() => filter = Some(text.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let mut out = io::stdout();
    let (mut count, mut wrong) = (0, 0);
    effort.filter = filter.unwrap_or_default();
    let result = mutations::run(&effort, |verdict| {
        count += usize::from(verdict.mutation.is_some());
        wrong += usize::from(!verdict.is_right());
        let name = verdict
            .mutation
            .map_or("(none)", |mutation| mutation.name());
        let about = verdict
            .mutation
            .map_or("the library as it is", |m| m.about());
        let caught = verdict.caught_by.len();
        let by = match verdict.caught_by.as_slice() {
            [] => "nothing".to_owned(),
            names if caught > NAMED => format!("{}, …", names[..NAMED].join(", ")),
            names => names.join(", "),
        };
        let ran = verdict.scenarios;
        let random = match verdict.program {
            Some(program) => format!("; by random program {program}"),
            None if effort.programs > 0 && verdict.mutation.is_some() => {
                format!("; by none of {} random programs", effort.programs)
            }
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "{name:<26} {about}\n{:<26} noticed by {caught} of {ran} scenarios: {by}{random}",
            ""
        );
    });
    if let Err(error) = result {
        complain(error.as_bytes());
        return Ok(ExitCode::from(2));
    }
    let _ = writeln!(out, "{count} mutations: {wrong} wrong verdicts");
    Ok(ExitCode::from(u8::from(wrong > 0)))
}
