//! Whether what a host has made of a program is right: the same program in one VM says so.

use super::child::Observed;
use super::oracle::{Machine, run};
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
    let oracle = run(Machine::Piccolo, program, &observed.at);
    if let Ok(oracle) = &oracle
        && oracle.trace == observed.trace
    {
        return Verdict::Same;
    }
    let ours = run(Machine::Ours, program, &observed.at);
    match (oracle, ours) {
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
