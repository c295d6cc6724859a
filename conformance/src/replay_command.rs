//! The command `sandbox replay`: its token says which part of the suite it belongs to.

use std::process::ExitCode;

use conformance::explore::Token;

use crate::{explore_command, show_line};

const USAGE: &str = "\
usage: sandbox replay TOKEN

Repeats a run that has failed, from the word that was printed with it.

exit status: 0 when it does not fail any more, 1 when it does, 2 for bad usage or without the host";

/// Runs `sandbox replay`.
pub(crate) fn replay(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let mut word: Option<String> = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(show_line(USAGE)),
            Value(text) if word.is_none() => word = Some(text.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let Some(word) = word else {
        return Err("replay which token?".into());
    };
    if Token::is_meant(&word) {
        return Ok(explore_command::replay(&word.parse()?));
    }
    Err(format!("'{word}' is no token").into())
}
