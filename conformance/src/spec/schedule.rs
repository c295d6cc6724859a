//! Who runs next, and for how long: decisions that a seed makes, or a list of them from a replay token.
//!
//! A decision is asked for only where there is a choice: a task can run, for long or not. Nobody who makes a choice
//! looks at anything but the decisions before it, so a run is a function of its schedule.

use std::collections::BTreeMap;

use fastrand::Rng;

/// Fuel of one turn when nothing ends it sooner.
pub(super) const TURN: u32 = 4_000;

/// Virtual nanoseconds that one unit of fuel takes, if the schedule does not say otherwise.
pub(super) const SPEED: u64 = 100;

/// Most decisions of a test; behind them everything goes on by default, so that long computations end.
const DECISIONS: usize = 10_000;

/// Multiples of it, without what is in front of the point, lie evenly between 0 and 1 however many there are.
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// One choice between those that can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decision {
    /// Which of them; 0 is the one that ran last, if it still can.
    pub who: u32,
    /// For how much fuel at most; 0 is a whole turn.
    pub fuel: u32,
}

impl Decision {
    /// Returns whether it lets things go on as they would anyway.
    #[must_use]
    pub fn is_default(self) -> bool {
        self == Decision::default()
    }
}

/// What decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// Number of a schedule of a seed; in number 0 every thread runs until it waits.
    Seeded { seed: u64, number: u32 },
    /// Decisions by their number; all others are the default.
    Listed {
        decisions: BTreeMap<u32, Decision>,
        speed: u64,
    },
}

/// A schedule while a test runs.
#[derive(Debug)]
pub(super) struct Chooser {
    style: Style,
    pub(super) speed: u64,
    /// Fuel that tasks have used in the test.
    pub(super) used: u64,
    /// The decisions so far.
    pub(super) taken: Vec<Decision>,
}

/// How decisions are made.
#[derive(Debug)]
enum Style {
    /// The default, but for some.
    Listed(BTreeMap<u32, Decision>),
    /// Many short turns.
    Mixed {
        rng: Rng,
        /// How often, of 100, another one gets his turn.
        switches: u32,
        /// How often, of 100, a turn is a whole one.
        whole: u32,
        /// The longest turn but for whole ones. Each schedule has its own: programs differ in what is short for them.
        most: u32,
    },
    /// A few switches anywhere in the test: mistakes seldom need more (Burckhardt et al., "A randomized scheduler
    /// with probabilistic guarantees of finding bugs").
    Points {
        rng: Rng,
        /// At how much fuel of the test they are, the next one last.
        points: Vec<u64>,
    },
}

impl Chooser {
    /// Begins a schedule for the test of that name: tests do not depend on those before them.
    ///
    /// `length` is the fuel that the tasks of the test use, about.
    pub(super) fn new(schedule: &Schedule, test: &[u8], length: u64) -> Chooser {
        let (style, speed) = match schedule {
            Schedule::Seeded { number: 0, .. } => (Style::Listed(BTreeMap::new()), SPEED),
            Schedule::Seeded { seed, number } => {
                let mut rng = Rng::with_seed(mix(*seed, *number, test));
                let speed = [10, SPEED, SPEED, 1_000][rng.usize(..4)];
                (Style::new(rng, *number, length), speed)
            }
            Schedule::Listed { decisions, speed } => (Style::Listed(decisions.clone()), *speed),
        };
        Chooser {
            style,
            speed,
            used: 0,
            taken: Vec::new(),
        }
    }

    /// Counts what tasks have used.
    pub(super) fn count(&mut self, fuel: u64) {
        self.used += fuel;
    }

    /// Chooses between `count` that can run, and how long.
    pub(super) fn choose(&mut self, count: u32) -> Decision {
        if self.taken.len() == DECISIONS {
            return Decision::default();
        }
        let number = self.taken.len() as u32;
        let decision = self.style.decide(number, count, self.used);
        // A list may come from a program that has changed since.
        let decision = Decision {
            who: decision.who.min(count - 1),
            fuel: decision.fuel.min(TURN),
        };
        self.taken.push(decision);
        decision
    }
}

impl Style {
    fn new(mut rng: Rng, number: u32, length: u64) -> Style {
        if number.is_multiple_of(3) {
            let switches = [30, 60, 90][rng.usize(..3)];
            let whole = [10, 30, 60][rng.usize(..3)];
            let most = 1 << (rng.u32(..6) + rng.u32(..6));
            return Style::Mixed {
                rng,
                switches,
                whole,
                most,
            };
        }
        // The first ones of all schedules lie evenly over the whole test: few places are left out.
        let place = (f64::from(number) * GOLDEN).fract() * length as f64;
        let mut points = vec![1 + place as u64];
        for _ in 0..rng.u32(..4) {
            points.push(1 + rng.u64(..=length));
        }
        points.sort_unstable_by(|a, b| b.cmp(a));
        Style::Points { rng, points }
    }

    fn decide(&mut self, number: u32, count: u32, used: u64) -> Decision {
        let other = |rng: &mut Rng| if count > 1 { rng.u32(1..count) } else { 0 };
        match self {
            Style::Listed(decisions) => decisions.get(&number).copied().unwrap_or_default(),
            Style::Mixed {
                rng,
                switches,
                whole,
                most,
            } => {
                let is_switch = rng.u32(..100) < *switches;
                let who = if is_switch { other(rng) } else { 0 };
                let is_whole = rng.u32(..100) < *whole;
                let fuel = if is_whole { 0 } else { 1 + rng.u32(..*most) };
                Decision { who, fuel }
            }
            Style::Points { rng, points } => {
                let mut who = if number == 0 { rng.u32(..count) } else { 0 };
                while points.pop_if(|point| *point <= used).is_some() {
                    who = other(rng);
                }
                let left = points.last().map_or(0, |point| point - used);
                let fuel = u32::try_from(left).unwrap_or(TURN);
                Decision { who, fuel }
            }
        }
    }
}

/// Makes one number of a seed, a schedule's number and a name (FNV-1a).
fn mix(seed: u64, number: u32, name: &[u8]) -> u64 {
    let bytes = seed.to_le_bytes().into_iter().chain(number.to_le_bytes());
    hash(bytes.chain(name.iter().copied()))
}

/// FNV-1a of some bytes.
pub(super) fn hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Returns the decisions that differ from the default, by their numbers.
pub(super) fn deviations(taken: &[Decision]) -> BTreeMap<u32, Decision> {
    let numbered = taken.iter().enumerate();
    numbered
        .filter(|(_, decision)| !decision.is_default())
        .map(|(number, &decision)| (number as u32, decision))
        .collect()
}
