//! Whether what a host has made of a program is right: the same program in one VM says so.

use super::child::Observed;
use super::oracle::{Machine, Run, run, run_piccolo};
use super::program::Program;

/// What comes of comparing a run with the oracle's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    /// It is the same in our VM alone, but piccolo cannot run it: its tables panic when they grow after an
    /// entry has been deleted.
    Unheard,
    /// It is the same in our VM alone, but piccolo says otherwise: one of the two VMs is wrong, not the bridge.
    Disputed {
        /// The trace in piccolo.
        oracle: String,
    },
    /// The host is wrong.
    Different {
        /// The trace that it should have made.
        oracle: String,
    },
    /// Nothing can be said: the two VMs contradict each other and the host, or do not come to an end of it.
    Senseless(String),
}

impl Verdict {
    /// Returns whether somebody has to look at it.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        !matches!(self, Verdict::Same | Verdict::Unheard)
    }
}

/// Judges a run by running the program again in one VM, with its callbacks where they have landed.
#[must_use]
pub fn judge(program: &Program, observed: &Observed) -> Verdict {
    judge_all(program, &[observed]).remove(0)
}

/// Judges several runs of a program.
fn judge_all(program: &Program, observed: &[&Observed]) -> Vec<Verdict> {
    // Callbacks that land at the same places make the same run.
    let mut places: Vec<&[i64]> = observed.iter().map(|it| &*it.at).collect();
    places.sort_unstable();
    places.dedup();
    let answers = run_piccolo(program, &places);
    let verdict = |observed: &&Observed| {
        let place = places.binary_search(&&*observed.at);
        let oracle = &answers[place.expect("it is among them")];
        compare(program, observed, oracle)
    };
    observed.iter().map(verdict).collect()
}

/// Judges the runs of a program that can be judged.
pub(super) fn judge_runs(
    program: &Program,
    runs: &[Result<Observed, String>],
) -> Vec<Option<Verdict>> {
    let observed: Vec<&Observed> = runs.iter().flatten().collect();
    let mut verdicts = judge_all(program, &observed).into_iter();
    let verdict = |run: &Result<_, _>| run.as_ref().ok().and_then(|_| verdicts.next());
    runs.iter().map(verdict).collect()
}

/// Compares a run with piccolo's, and asks our VM alone when they differ.
fn compare(program: &Program, observed: &Observed, oracle: &Result<Run, String>) -> Verdict {
    if let Ok(oracle) = oracle
        && oracle.trace == observed.trace
    {
        return Verdict::Same;
    }
    let ours = run(Machine::Ours, program, &observed.at);
    match (oracle.clone(), ours) {
        (Ok(oracle), Ok(ours)) if ours.trace == observed.trace => Verdict::Disputed {
            oracle: oracle.trace,
        },
        (Ok(oracle), Ok(ours)) if ours == oracle => Verdict::Different {
            oracle: oracle.trace,
        },
        (Err(_), Ok(ours)) if ours.trace == observed.trace => Verdict::Unheard,
        (Err(_), Ok(ours)) => Verdict::Different { oracle: ours.trace },
        (Ok(oracle), Ok(ours)) => Verdict::Senseless(format!(
            "three answers; our VM: {}\npiccolo: {}",
            ours.trace, oracle.trace
        )),
        (Ok(oracle), Err(why)) => {
            Verdict::Senseless(format!("our VM fails ({why}), piccolo says {oracle:?}"))
        }
        (Err(_), Err(why)) => Verdict::Senseless(why),
    }
}
