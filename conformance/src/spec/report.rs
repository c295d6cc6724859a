//! What a run says on standard output: for people, as TAP, or as JSON.

mod json;
mod junit;
mod tap;

use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use super::{FileOutcome, Host, Outcome, Replay, Status};

pub(super) use junit::write as write_junit;

/// What standard output gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    #[default]
    Plain,
    Tap,
    Json,
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "plain" => Ok(Format::Plain),
            "tap" => Ok(Format::Tap),
            "json" => Ok(Format::Json),
            _ => Err(format!(
                "there is no output '{name}': it is `plain`, `tap` or `json`"
            )),
        }
    }
}

const PASSED: Style = AnsiColor::Green.on_default();
const FAILED: Style = AnsiColor::Red.on_default();
const PENDING: Style = AnsiColor::Yellow.on_default();
const QUIET: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();

/// How many lines around a change a diff shows.
const CONTEXT: usize = 3;

fn style_of(status: Status) -> (Style, &'static str) {
    match status {
        Status::Passed => (PASSED, "✓"),
        Status::Pending => (PENDING, "-"),
        Status::Failed | Status::Error => (FAILED, "✗"),
    }
}

/// Counts of a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) pending: usize,
    pub(super) files: usize,
}

impl Counts {
    /// Counts the tests of files.
    pub(super) fn of(files: &[FileOutcome]) -> Counts {
        let mut counts = Counts {
            files: files.len(),
            ..Counts::default()
        };
        for outcome in files.iter().flat_map(|file| &file.tests) {
            *match outcome.record.status {
                Status::Passed => &mut counts.passed,
                Status::Pending => &mut counts.pending,
                Status::Failed | Status::Error => &mut counts.failed,
            } += 1;
        }
        counts
    }
}

/// Writes reports in a format.
#[derive(Debug)]
pub(super) struct Reporter<W> {
    out: W,
    format: Format,
    /// Whether times are shown: those of the wall clock differ from run to run.
    durations: bool,
    /// The words behind which a token makes the command that replays it.
    replay: String,
}

impl<W: Write> Reporter<W> {
    pub(super) fn new(out: W, format: Format, durations: bool, replay: String) -> Reporter<W> {
        Reporter {
            out,
            format,
            durations,
            replay,
        }
    }

    /// Shows a file that has been run.
    pub(super) fn file(&mut self, file: &FileOutcome) -> io::Result<()> {
        if self.format != Format::Plain {
            return Ok(());
        }
        let out = &mut self.out;
        writeln!(out, "{STRONG}{}{STRONG:#}", file.file)?;
        for outcome in &file.tests {
            let record = &outcome.record;
            let (style, mark) = style_of(record.status);
            write!(out, "  {style}{mark}{style:#} {}", title(outcome))?;
            if record.status == Status::Pending && !record.message.is_empty() {
                write!(out, " {QUIET}({}){QUIET:#}", record.message)?;
            }
            if self.durations {
                let time = Duration::from_nanos(record.nanoseconds);
                write!(out, " {QUIET}{time:.1?}{QUIET:#}")?;
            }
            writeln!(out)?;
        }
        out.flush()
    }

    /// Shows failures and the summary.
    pub(super) fn finish(
        &mut self,
        files: &[FileOutcome],
        host: Host,
        schedules: u32,
        elapsed: Duration,
    ) -> io::Result<()> {
        match self.format {
            Format::Tap => tap::write(&mut self.out, files, &self.replay),
            Format::Json => json::write(&mut self.out, files, &self.replay),
            Format::Plain => {
                for outcome in files.iter().flat_map(|file| &file.tests) {
                    if outcome.record.status.is_failure() {
                        self.failure(outcome)?;
                    }
                }
                self.summary(Counts::of(files), host, schedules, elapsed)
            }
        }?;
        self.out.flush()
    }

    fn summary(
        &mut self,
        counts: Counts,
        host: Host,
        schedules: u32,
        elapsed: Duration,
    ) -> io::Result<()> {
        let out = &mut self.out;
        let Counts {
            passed,
            failed,
            pending,
            files,
        } = counts;
        let style = if failed > 0 { FAILED } else { PASSED };
        let plural = if files == 1 { "" } else { "s" };
        write!(
            out,
            "\n{style}{passed} passed, {failed} failed, {pending} pending{style:#} in {files} file{plural}"
        )?;
        match host {
            Host::Vm => write!(out, ", up to {schedules} schedules each")?,
            Host::Neovim => write!(out, ", in Neovim")?,
        }
        if self.durations {
            write!(out, ", {elapsed:.1?}")?;
        }
        writeln!(out)
    }

    /// Shows one failed test at length.
    pub(super) fn failure(&mut self, outcome: &Outcome) -> io::Result<()> {
        let record = &outcome.record;
        let out = &mut self.out;
        writeln!(
            out,
            "\n{FAILED}{STRONG}✗ {}{FAILED:#}{STRONG:#}",
            title(outcome)
        )?;
        for (index, line) in record.message.lines().enumerate() {
            if index == 0 && record.line > 0 && !record.message.starts_with(&record.file) {
                write!(out, "  {}:{}: ", record.file, record.line)?;
            } else {
                write!(out, "  ")?;
            }
            writeln!(out, "{line}")?;
        }
        if let (Some(expected), Some(actual)) = (&record.expected, &record.actual) {
            comparison(out, expected, actual)?;
        }
        section(out, "stack traceback:", &record.traceback)?;
        for thread in &record.threads {
            section(
                out,
                &format!("in thread {}:", thread.name),
                &thread.traceback,
            )?;
        }
        section(out, "printed:", &record.output)?;
        if let Some(replay) = &outcome.replay {
            writeln!(out, "  {QUIET}{}{QUIET:#}", how(replay))?;
            writeln!(out, "  {} {}", self.replay, replay.token)?;
        }
        Ok(())
    }
}

/// Returns the name of a test, or what stands for the file as a whole.
fn title(outcome: &Outcome) -> &str {
    match outcome.record.index {
        0 => "(outside all tests)",
        _ => &outcome.record.name,
    }
}

/// Says under which schedule a test fails.
fn how(replay: &Replay) -> String {
    let Replay {
        seed,
        number,
        switches,
        ..
    } = replay;
    let when = match (number, switches) {
        _ if !replay.has_choice => return format!("seed {seed}. Run it again with:"),
        (0, 0) => "fails when nobody is interrupted".to_owned(),
        (_, 0) => "fails also when nobody is interrupted".to_owned(),
        (_, 1) => "fails after one switch".to_owned(),
        (_, count) => format!("fails after {count} switches"),
    };
    format!("seed {seed}, schedule {number}; {when}. Run it again with:")
}

fn section(out: &mut impl Write, head: &str, text: &str) -> io::Result<()> {
    if text.trim().is_empty() {
        return Ok(());
    }
    writeln!(out, "  {QUIET}{head}{QUIET:#}")?;
    for line in text.lines() {
        writeln!(out, "    {QUIET}{}{QUIET:#}", line.trim_start_matches('\t'))?;
    }
    Ok(())
}

/// Shows what was expected and what was there: side by side, or as a diff if it is long.
fn comparison(out: &mut impl Write, expected: &str, actual: &str) -> io::Result<()> {
    if !expected.contains('\n') && !actual.contains('\n') {
        writeln!(out, "  expected: {PASSED}{expected}{PASSED:#}")?;
        return writeln!(out, "    actual: {FAILED}{actual}{FAILED:#}");
    }
    writeln!(
        out,
        "  {PASSED}- expected{PASSED:#} {FAILED}+ actual{FAILED:#}"
    )?;
    let diff = TextDiff::from_lines(expected, actual);
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            writeln!(out, "  {QUIET}…{QUIET:#}")?;
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (style, sign) = match change.tag() {
                ChangeTag::Delete => (PASSED, "-"),
                ChangeTag::Insert => (FAILED, "+"),
                ChangeTag::Equal => (QUIET, " "),
            };
            let line = change.value().trim_end_matches('\n');
            writeln!(out, "  {style}{sign} {line}{style:#}")?;
        }
    }
    Ok(())
}

/// Returns a failure as one text without colours, for reports that are read elsewhere.
fn plain_failure(outcome: &Outcome, replay: &str) -> String {
    let stream = anstream::StripStream::new(Vec::new());
    let mut reporter = Reporter::new(stream, Format::Plain, false, replay.to_owned());
    // Writing to memory cannot fail.
    let _ = reporter.failure(outcome);
    String::from_utf8_lossy(&reporter.out.into_inner())
        .trim()
        .to_owned()
}
