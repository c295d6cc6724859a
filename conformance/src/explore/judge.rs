//! Whether what a host has made of a program is right: the same program in one VM says so.

use super::child::Observed;
use super::oracle::{Due, Machine, Run, run, run_piccolo, run_when};
use super::program::{HERE, Program, Spelling};

/// Callbacks for which both places before and within a resumption are tried, at most.
const MOST_EARLY: usize = 6;

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
    let mut places: Vec<Due<'_>> = observed.iter().map(|it| on_time(it)).collect();
    places.sort_unstable();
    places.dedup();
    let answers = run_piccolo(program, &places);
    let verdict = |observed: &&Observed| {
        let place = places.binary_search(&on_time(observed));
        let oracle = &answers[place.expect("it is among them")];
        compare(program, observed, oracle)
    };
    observed.iter().map(verdict).collect()
}

fn on_time(observed: &Observed) -> Due<'_> {
    Due {
        at: &observed.at,
        early: 0,
    }
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
    if let Some(verdict) = is_early(program, observed) {
        return verdict;
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

/// Returns a verdict if a run is right when some of its callbacks have landed before a resumption.
fn is_early(program: &Program, observed: &Observed) -> Option<Verdict> {
    if !program.render(Spelling::Source).contains(HERE) {
        return None;
    }
    let places = observed.at.len().min(MOST_EARLY);
    (1..1_u32 << places).find_map(|early| {
        let due = Due {
            at: &observed.at,
            early,
        };
        let is_same = |run: Result<Run, String>| run.is_ok_and(|run| run.trace == observed.trace);
        let heard = |machine| is_same(run_when(machine, program, due));
        match () {
            () if heard(Machine::Piccolo) => Some(Verdict::Same),
            () if heard(Machine::Ours) => Some(Verdict::Unheard),
            () => None,
        }
    })
}
