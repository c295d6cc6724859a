//! Explores the sync guarantee: random programs under random schedules, each run compared with one ordinary VM.
//!
//! A host with a bridge runs the program while its callbacks are fired; each callback says what the program's
//! clock read when it began, which names the safe point at which it has landed. The oracle runs the same
//! program with the callbacks called right there, and everything that can be observed must be equal.

mod child;
mod crossing;
mod expression;
mod generate;
mod judge;
mod notice;
mod oracle;
mod program;
mod regression;
mod schedule;
mod search;
mod shrink;
mod statement;
mod token;

pub use child::{Observed, Runner};
pub use generate::program;
pub use judge::{Verdict, judge};
pub use notice::programs_to_notice;
pub use oracle::{Machine, Run, run};
pub use program::{Fire, Program, Spelling};
pub use regression::{Regression, regressions};
pub use schedule::{Host, Schedule};
pub use search::{Failure, Options, Summary, explore, explore_all, repeat};
pub use token::Token;
