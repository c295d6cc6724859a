//! The Test Anything Protocol, version 13.

use std::io::{self, Write};

use super::{plain_failure, title};
use crate::spec::{FileOutcome, Status};

/// Writes all tests.
pub(super) fn write(out: &mut impl Write, files: &[FileOutcome], replay: &str) -> io::Result<()> {
    let tests: Vec<_> = files
        .iter()
        .flat_map(|file| file.tests.iter().map(move |outcome| (&file.file, outcome)))
        .collect();
    writeln!(out, "TAP version 13\n1..{}", tests.len())?;
    for (number, (file, outcome)) in tests.iter().enumerate() {
        // A hash sign would begin a directive.
        let name = format!("{file}: {}", title(outcome)).replace('#', "\\#");
        let number = number + 1;
        match outcome.record.status {
            Status::Passed => writeln!(out, "ok {number} - {name}")?,
            Status::Pending => {
                writeln!(
                    out,
                    "ok {number} - {name} # SKIP {}",
                    outcome.record.message
                )?;
            }
            Status::Failed | Status::Error => {
                writeln!(out, "not ok {number} - {name}")?;
                for line in plain_failure(outcome, replay).lines() {
                    writeln!(out, "# {line}")?;
                }
            }
        }
    }
    Ok(())
}
