//! What became of a test.

use super::schedule::Decision;

/// How a test has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Passed,
    /// An assertion did not hold.
    Failed,
    /// Another error, or a limit.
    Error,
    Pending,
}

impl Status {
    pub(super) fn parse(name: &[u8]) -> Status {
        match name {
            b"passed" => Status::Passed,
            b"failed" => Status::Failed,
            b"pending" => Status::Pending,
            _ => Status::Error,
        }
    }

    /// Returns whether the run as a whole fails with it.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Status::Failed | Status::Error)
    }

    /// Returns its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::Error => "error",
            Status::Pending => "pending",
        }
    }
}

/// Where in another thread an error comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadTrace {
    /// The thread's name.
    pub name: String,
    pub traceback: String,
}

/// What a run of a test, under one schedule, came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Number of the test in its file, from 1; 0 for the file itself.
    pub index: u32,
    /// The names of the blocks around it and its own, separated by spaces.
    pub name: String,
    pub status: Status,
    pub message: String,
    pub expected: Option<String>,
    pub actual: Option<String>,
    pub traceback: String,
    pub threads: Vec<ThreadTrace>,
    pub file: String,
    /// 0 when unknown.
    pub line: u32,
    /// What it has printed.
    pub output: String,
    /// How long it took: on the virtual clock, or in Neovim on the real one.
    pub nanoseconds: u64,
    /// The choices of the schedule.
    pub(super) decisions: Vec<Decision>,
    /// Virtual nanoseconds for each unit of fuel.
    pub(super) speed: u64,
    /// Fuel that threads have used in it.
    pub(super) length: u64,
}

impl Record {
    /// Makes the record of something that was ended from outside.
    pub(super) fn ended(index: u32, name: &str, file: &str, message: String) -> Record {
        Record {
            index,
            name: name.to_owned(),
            status: Status::Error,
            message,
            expected: None,
            actual: None,
            traceback: String::new(),
            threads: Vec::new(),
            file: file.to_owned(),
            line: 0,
            output: String::new(),
            nanoseconds: 0,
            decisions: Vec::new(),
            speed: super::schedule::SPEED,
            length: 0,
        }
    }
}
