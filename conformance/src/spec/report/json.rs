//! One JSON object for each test, a line each, and one for the whole.

use std::io::{self, Write};

use serde_json::json;

use super::{Counts, title};
use crate::spec::FileOutcome;

/// Writes all tests.
pub(super) fn write(out: &mut impl Write, files: &[FileOutcome], replay: &str) -> io::Result<()> {
    for file in files {
        for outcome in &file.tests {
            let record = &outcome.record;
            let threads: Vec<_> = record
                .threads
                .iter()
                .map(|thread| json!({ "name": thread.name, "traceback": thread.traceback }))
                .collect();
            let again = outcome.replay.as_ref().map(|its| {
                json!({
                    "seed": its.seed,
                    "schedule": its.number,
                    "switches": its.switches,
                    "token": its.token,
                    "command": format!("{replay} {}", its.token),
                })
            });
            let line = json!({
                "file": file.file,
                "name": title(outcome),
                "status": record.status.name(),
                "message": record.message,
                "expected": record.expected,
                "actual": record.actual,
                "at": { "file": record.file, "line": record.line },
                "traceback": record.traceback,
                "threads": threads,
                "output": record.output,
                "schedules": outcome.schedules,
                "replay": again,
            });
            writeln!(out, "{line}")?;
        }
    }
    let Counts {
        passed,
        failed,
        pending,
        files,
    } = Counts::of(files);
    let line = json!({ "passed": passed, "failed": failed, "pending": pending, "files": files });
    writeln!(out, "{line}")
}
