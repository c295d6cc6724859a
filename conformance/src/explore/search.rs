//! Goes through programs and schedules, and makes what fails small.

use std::fmt;
use std::num::NonZero;
use std::ops::AddAssign;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::child::{Observed, Runner};
use super::generate::program;
use super::judge::{Verdict, judge_runs};
use super::oracle::{Machine, run};
use super::program::{Program, Spelling};
use super::schedule::{Host, Schedule};
use super::shrink::shrink;
use super::token::Token;
use crate::conform::Shard;

/// How long a program is made smaller.
const SHRINKING: Duration = Duration::from_secs(60);

/// Moves of an exhaustive search without a callback that ends it: no small program takes so many.
const MAX_MOVES: u32 = 4_000;

/// What is explored.
#[derive(Clone, Debug)]
pub struct Options {
    pub host: Host,
    /// Programs.
    pub count: u64,
    /// The first program's seed; the next one's is one more. Schedules are drawn from it, too.
    pub seed: u64,
    /// Schedules for each program.
    pub schedules: u64,
    /// About how many statements a program has.
    pub size: usize,
    pub shard: Shard,
    /// Failures after which there is no point in going on.
    pub failures: usize,
    /// The cargo profile of the library that hosts load.
    pub profile: String,
    /// How many hosts run programs at the same time.
    pub jobs: NonZero<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            host: Host::Vm,
            count: 1_000,
            seed: 0,
            schedules: 10,
            size: 30,
            shard: Shard::default(),
            failures: 5,
            profile: "dev".to_owned(),
            jobs: NonZero::<usize>::MIN,
        }
    }
}

/// A run that was not as it should be.
#[derive(Clone, Debug)]
pub struct Failure {
    pub token: Token,
    /// The program, as small as it gets.
    pub program: Program,
    /// A schedule under which the small program fails.
    pub schedule: Schedule,
    /// What the host has made of the small program, or why it has made nothing of it.
    pub observed: Result<Observed, String>,
    pub verdict: Option<Verdict>,
}

/// What came of it all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub programs: u64,
    pub runs: u64,
    /// Callbacks that have landed while the thread was running.
    pub landings: u64,
    /// Runs that our VM had to judge alone.
    pub unheard: u64,
    pub failures: usize,
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Summary) {
        self.programs += other.programs;
        self.runs += other.runs;
        self.landings += other.landings;
        self.unheard += other.unheard;
        self.failures += other.failures;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} programs, {} runs, {} callbacks landed in running threads; {} runs judged without piccolo; {} failed",
            self.programs, self.runs, self.landings, self.unheard, self.failures
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}\nfires {}",
            self.program.render(Spelling::Source),
            self.program.render_fires()
        )?;
        writeln!(f, "schedule of the small program: {}", self.schedule)?;
        match (&self.observed, &self.verdict) {
            (Err(why), _) => writeln!(f, "{why}")?,
            (Ok(observed), Some(verdict)) => {
                writeln!(f, "landed at {:?}", observed.at)?;
                match verdict {
                    Verdict::Different { oracle } => {
                        writeln!(f, "the bridge is wrong (- should be, + was):")?;
                        write_difference(f, oracle, &observed.trace)?;
                    }
                    Verdict::Disputed { oracle } => {
                        writeln!(f, "piccolo (-) and our VM alone (+) disagree:")?;
                        write_difference(f, oracle, &observed.trace)?;
                    }
                    other => writeln!(f, "{other:?}")?,
                }
            }
            _ => {}
        }
        writeln!(f, "repeat it with: sandbox replay {}", self.token)
    }
}

/// Writes two texts line by line, what only one of them has marked.
fn write_difference(f: &mut fmt::Formatter<'_>, old: &str, new: &str) -> fmt::Result {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    for line in 0..old.len().max(new.len()) {
        match (old.get(line), new.get(line)) {
            (Some(a), Some(b)) if a == b => writeln!(f, "  {a}")?,
            (a, b) => {
                for (mark, text) in [("-", a), ("+", b)] {
                    if let Some(text) = text {
                        writeln!(f, "{mark} {text}")?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// What runs programs under schedules: a host with a bridge, or one VM.
enum Place {
    Bridge(Box<Runner>),
    One,
}

impl Place {
    fn new(host: Host, profile: &str) -> Result<Place, String> {
        Ok(match host {
            Host::One => Place::One,
            host => Place::Bridge(Box::new(Runner::new(host, profile)?)),
        })
    }

    fn run(
        &mut self,
        program: &Program,
        schedules: &[Schedule],
    ) -> Result<Vec<Result<Observed, String>>, String> {
        match self {
            Place::Bridge(runner) => runner.run(program, schedules),
            Place::One => {
                let runs = schedules.iter().map(|schedule| run_one(program, schedule));
                Ok(runs.collect())
            }
        }
    }
}

/// Runs a program in our VM alone, with its callbacks at ticks that are drawn from a seed.
fn run_one(program: &Program, schedule: &Schedule) -> Result<Observed, String> {
    let at = match schedule {
        Schedule::Seed(seed) => {
            let alone = run(Machine::Ours, program, &vec![-1; program.fires.len()])?;
            let mut random = fastrand::Rng::with_seed(*seed);
            let last = i64::from(alone.clock);
            let mut at: Vec<i64> = program
                .fires
                .iter()
                .map(|_| random.i64(1..=last.max(1)))
                .collect();
            at.sort_unstable();
            at
        }
        Schedule::Moves(moves) => moves.iter().map(|&at| i64::from(at)).collect(),
    };
    let ours = run(Machine::Ours, program, &at)?;
    Ok(Observed {
        at,
        trace: ours.trace,
    })
}

/// Returns the schedules of a program.
pub(super) fn schedules_of(options: &Options, seed: u64) -> Vec<Schedule> {
    (0..options.schedules)
        .map(|index| Schedule::Seed(seed.wrapping_mul(1_000_003).wrapping_add(index) % (1 << 31)))
        .collect()
}

/// Explores random programs; tells of each failure, made small.
///
/// # Errors
///
/// When the host cannot be started; the message says what to do.
pub fn explore(options: &Options, tell: impl FnMut(&Failure) + Send) -> Result<Summary, String> {
    let indices = (0..options.count).filter(|&index| options.shard.has(index as usize));
    let indices = Mutex::new(indices);
    let results = Mutex::new((Summary::default(), tell));
    let work = || -> Result<(), String> {
        let mut place = Place::new(options.host, &options.profile)?;
        loop {
            if unpoisoned(&results).0.failures >= options.failures {
                return Ok(());
            }
            let Some(index) = unpoisoned(&indices).next() else {
                return Ok(());
            };
            let seed = options.seed.wrapping_add(index);
            let program = program(seed, options.size);
            let schedules = schedules_of(options, seed);
            let token = |schedule| Token {
                host: options.host,
                size: options.size,
                program: seed,
                schedule,
            };
            let mut checked = check(&mut place, &program, &schedules, token)?;
            checked.summary.programs = 1;
            let (summary, tell) = &mut *unpoisoned(&results);
            *summary += checked.summary;
            if let Some(failure) = checked.failure {
                tell(&failure);
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..options.jobs.get()).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| {
            let result = worker.join();
            result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        ended.collect::<Result<(), String>>()
    })?;
    let (summary, _) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(summary)
}

/// Locks; a worker that has panicked meanwhile is none of our business, its panic goes on by itself.
fn unpoisoned<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Explores all schedules of small programs: each safe point for one callback, or all pairs of them for two.
///
/// # Errors
///
/// When the host cannot be started, or is not the one where this is possible.
pub fn explore_all(
    options: &Options,
    callbacks: usize,
    mut tell: impl FnMut(&Failure),
) -> Result<Summary, String> {
    if options.host != Host::Vm {
        return Err("all schedules can be explored on the host `vm` only".into());
    }
    let mut place = Place::new(options.host, &options.profile)?;
    let mut summary = Summary::default();
    for index in 0..options.count {
        if !options.shard.has(index as usize) {
            continue;
        }
        summary.programs += 1;
        let seed = options.seed.wrapping_add(index);
        let mut program = program(seed, options.size);
        let first = program.fires[0].clone();
        program.fires.resize(callbacks, first);
        let token = |schedule| Token {
            host: options.host,
            size: options.size,
            program: seed,
            schedule,
        };
        let mut moves = vec![0; callbacks];
        let mut chunk = Vec::new();
        // As a counter with a digit for each callback: a digit overflows when its callback came too late.
        'program: loop {
            chunk.clear();
            chunk.push(Schedule::Moves(moves.clone()));
            let checked = check(&mut place, &program, &chunk, token)?;
            summary += checked.summary;
            if let Some(failure) = checked.failure {
                tell(&failure);
            }
            if summary.failures >= options.failures {
                return Ok(summary);
            }
            let late = checked.late;
            let mut digit = late.map_or(callbacks - 1, |late| late.min(callbacks - 1));
            if late.is_some() || moves[digit] >= MAX_MOVES {
                moves[digit..].fill(0);
                match digit.checked_sub(1) {
                    Some(before) => digit = before,
                    None => break 'program,
                }
            }
            moves[digit] += 1;
        }
    }
    Ok(summary)
}

/// What came of a program under some schedules.
struct Checked {
    /// Of these runs.
    summary: Summary,
    failure: Option<Failure>,
    /// The first callback that came after the end of the thread in the last run.
    late: Option<usize>,
}

/// Runs a program under schedules and judges it.
fn check(
    place: &mut Place,
    program: &Program,
    schedules: &[Schedule],
    token: impl Fn(Schedule) -> Token,
) -> Result<Checked, String> {
    let runs = place.run(program, schedules)?;
    let verdicts = judge_runs(program, &runs);
    let mut checked = Checked {
        summary: Summary::default(),
        failure: None,
        late: None,
    };
    for ((schedule, observed), verdict) in schedules.iter().zip(runs).zip(verdicts) {
        let summary = &mut checked.summary;
        summary.runs += 1;
        if let Ok(observed) = &observed {
            checked.late = observed.at.iter().position(|&at| at < 0);
            summary.landings += observed.at.iter().filter(|&&at| at >= 0).count() as u64;
        }
        match &verdict {
            Some(Verdict::Same) => continue,
            Some(Verdict::Unheard) => {
                summary.unheard += 1;
                continue;
            }
            _ => {}
        }
        summary.failures += 1;
        let (token, schedule) = (token(schedule.clone()), schedule.clone());
        let failure = make_small(place, program, token, schedule, observed, verdict)?;
        checked.failure = Some(failure);
        // One failure of a program says enough.
        break;
    }
    Ok(checked)
}

/// Returns the failure with a program as small as it gets.
fn make_small(
    place: &mut Place,
    program: &Program,
    token: Token,
    schedule: Schedule,
    observed: Result<Observed, String>,
    verdict: Option<Verdict>,
) -> Result<Failure, String> {
    let kind = verdict.as_ref().map(std::mem::discriminant);
    let mut found = (schedule.clone(), observed, verdict);
    let deadline = Instant::now() + SHRINKING;
    // Under the schedule of the large program the small one may be in order.
    let mut schedules = vec![schedule];
    if let Schedule::Seed(first) = schedules[0] {
        let more = if token.host.is_real() { 10 } else { 6 };
        schedules.extend((1..more).map(|index| Schedule::Seed(first + index)));
    }
    let small = shrink(program, |candidate| {
        if Instant::now() > deadline {
            return false;
        }
        let Ok(runs) = place.run(candidate, &schedules) else {
            return false;
        };
        let verdicts = judge_runs(candidate, &runs);
        for ((schedule, observed), verdict) in schedules.iter().zip(runs).zip(verdicts) {
            if verdict.as_ref().map(std::mem::discriminant) == kind {
                found = (schedule.clone(), observed, verdict);
                return true;
            }
        }
        false
    });
    let (schedule, observed, verdict) = found;
    Ok(Failure {
        token,
        program: small,
        schedule,
        observed,
        verdict,
    })
}

/// Repeats the run that a token names; on hosts with real threads up to so many times. Returns the failure,
/// if it fails again.
///
/// # Errors
///
/// When the host cannot be started.
pub fn repeat(token: &Token, times: u32, profile: &str) -> Result<Option<Failure>, String> {
    let mut place = Place::new(token.host, profile)?;
    let mut program = program(token.program, token.size);
    if let Schedule::Moves(moves) = &token.schedule {
        let first = program.fires[0].clone();
        program.fires.resize(moves.len(), first);
    }
    let schedules = [token.schedule.clone()];
    let times = if token.host.is_real() { times } else { 1 };
    for _ in 0..times {
        let checked = check(&mut place, &program, &schedules, |_| token.clone())?;
        if checked.failure.is_some() {
            return Ok(checked.failure);
        }
    }
    Ok(None)
}
