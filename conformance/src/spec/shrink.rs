//! Makes a failing schedule simple: as few deviations from "every thread runs until it waits" as still fail.

use std::collections::BTreeMap;

use super::outcome::Record;
use super::schedule::{Decision, SPEED, Schedule};
use super::world::{self, Plan};

/// Most runs that are spent on one test.
const RUNS: u32 = 400;

/// Decisions that stop a thread and let another one go on.
const ONE_INTERRUPTION: usize = 2;

/// A failing schedule.
#[derive(Debug, Clone)]
pub(super) struct Failing {
    pub(super) decisions: BTreeMap<u32, Decision>,
    pub(super) speed: u64,
    pub(super) record: Record,
}

/// Runs one test, and those before it if the plan says so.
pub(super) fn run_one(plan: &Plan, index: u32, schedule: &Schedule) -> Option<Record> {
    let mut plan = plan.clone();
    plan.schedules.insert(index, schedule.clone());
    world::run(&plan).into_iter().find(|r| r.index == index)
}

/// Tries simpler and simpler schedules of a test that fails.
pub(super) fn shrink(plan: &Plan, failing: Failing) -> Failing {
    let mut search = Search {
        plan,
        index: failing.record.index,
        best: failing,
        runs: 0,
    };
    search.set_speed();
    search.try_one_interruption();
    // In halves, then quarters, and one by one; what was needed may not be any more later.
    loop {
        let before = search.size();
        let mut part = search.best.decisions.len().div_ceil(2);
        while part > 0 {
            search.drop_parts(part);
            part /= 2;
        }
        search.simplify();
        if search.size() == before || search.runs >= RUNS {
            break;
        }
    }
    search.best
}

struct Search<'p> {
    plan: &'p Plan,
    index: u32,
    best: Failing,
    runs: u32,
}

impl Search<'_> {
    /// What is to become small: deviations, then turns that are cut short.
    fn size(&self) -> (usize, usize, u64) {
        let decisions = self.best.decisions.values();
        let cut = decisions.clone().filter(|decision| decision.fuel != 0);
        let fuel = decisions.map(|decision| u64::from(decision.fuel)).sum();
        (self.best.decisions.len(), cut.count(), fuel)
    }

    /// Keeps a schedule if it fails too.
    fn attempt(&mut self, decisions: BTreeMap<u32, Decision>, speed: u64) -> bool {
        if self.runs >= RUNS {
            return false;
        }
        self.runs += 1;
        let schedule = Schedule::Listed { decisions, speed };
        let Some(record) = run_one(self.plan, self.index, &schedule) else {
            return false;
        };
        let Schedule::Listed { decisions, speed } = schedule else {
            return false;
        };
        if !record.status.is_failure() {
            return false;
        }
        // What was decided for a choice that never came says nothing.
        let reached = record.decisions.len() as u32;
        let decisions = decisions
            .into_iter()
            .filter(|&(n, _)| n < reached)
            .collect();
        self.best = Failing {
            decisions,
            speed,
            record,
        };
        true
    }

    fn set_speed(&mut self) {
        if self.best.speed != SPEED {
            self.attempt(self.best.decisions.clone(), SPEED);
        }
    }

    /// Tries to interrupt the first thread once, at each of its safe points: what most mistakes need.
    fn try_one_interruption(&mut self) {
        if self.best.decisions.len() <= ONE_INTERRUPTION {
            return;
        }
        let length = self.best.record.length.min(u64::from(RUNS / 2)) as u32;
        for fuel in 1..=length {
            let stop = Decision { who: 0, fuel };
            let switch = Decision { who: 1, fuel: 0 };
            if self.attempt(BTreeMap::from([(0, stop), (1, switch)]), SPEED) {
                return;
            }
        }
    }

    /// Leaves out as many decisions at a time, from the last ones on.
    fn drop_parts(&mut self, part: usize) {
        let mut end = self.best.decisions.len();
        while end > 0 {
            let numbers: Vec<u32> = self.best.decisions.keys().copied().collect();
            end = end.min(numbers.len());
            let start = end.saturating_sub(part);
            let mut fewer = self.best.decisions.clone();
            for number in &numbers[start..end] {
                fewer.remove(number);
            }
            self.attempt(fewer, self.best.speed);
            end = start;
        }
    }

    /// Makes each decision that is left simpler: a whole turn, the one who would run anyway, less fuel.
    fn simplify(&mut self) {
        let numbers: Vec<u32> = self.best.decisions.keys().copied().collect();
        for number in numbers {
            let Some(&decision) = self.best.decisions.get(&number) else {
                continue;
            };
            let mut simpler = Vec::new();
            if decision.who != 0 && decision.fuel != 0 {
                simpler.push(Decision {
                    fuel: 0,
                    ..decision
                });
                simpler.push(Decision { who: 0, ..decision });
            }
            if decision.fuel > 1 {
                simpler.push(Decision {
                    fuel: 1,
                    ..decision
                });
                let fuel = decision.fuel / 2;
                simpler.push(Decision { fuel, ..decision });
                let fuel = decision.fuel - 1;
                simpler.push(Decision { fuel, ..decision });
            }
            for decision in simpler {
                let mut decisions = self.best.decisions.clone();
                decisions.insert(number, decision);
                if self.attempt(decisions, self.best.speed) {
                    break;
                }
            }
        }
    }
}
