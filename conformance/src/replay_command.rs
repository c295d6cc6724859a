//! The command `sandbox replay`: its token says which part of the suite it belongs to.

use std::process::ExitCode;

use conformance::explore::Token;
use conformance::spec;

use crate::{explore_command, show_line};

const USAGE: &str = "\
usage: sandbox replay TOKEN [options]

Repeats a run that has failed, from the word that was printed with it.

  --helper FILE      for a token of `sandbox test`, as there
  --lpath PATTERN    the same

exit status: 0 when it does not fail any more, 1 when it does, 2 for bad usage or without the host";

/// Runs `sandbox replay`.
pub(crate) fn replay(mut parser: lexopt::Parser) -> Result<ExitCode, lexopt::Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt};
    let word = match parser.next()? {
        Some(Long("help") | Short('h')) => return Ok(show_line(USAGE)),
        Some(Value(word)) => word.string()?,
        Some(other) => return Err(other.unexpected()),
        None => return Err("replay which token?".into()),
    };
    if word.starts_with(spec::token::PREFIX) {
        return spec::command::replay(&word, parser);
    }
    if let Some(argument) = parser.next()? {
        return Err(argument.unexpected());
    }
    if Token::is_meant(&word) {
        return Ok(explore_command::replay(&word.parse()?));
    }
    Err(format!("'{word}' is no token: copy it whole from the message of the failure").into())
}
