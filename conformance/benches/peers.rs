//! `cargo bench -p conformance`: every program of `programs/` on our VM and on each peer found on this machine, as whole
//! processes in turns (A B C A B C …), by user time and peak memory of the child; medians; a Markdown table on stdout.
//! Options: `-- --rounds N`, `--filter TEXT` (part of a name), `--core` (the core ten only), `--skip PEER`.
//! A child's peak memory is never below this process's own, about 3 MiB.

#[path = "../examples/piccolo_run.rs"]
mod piccolo_run;

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// A process that runs longer than this is ended and counts as failed.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Times below this are lost in the start of the process; ratios use at least so much.
const SHORTEST: f64 = 0.001;

/// The argument by which this program runs itself as the piccolo peer.
const RUN_PICCOLO: &str = "--run-piccolo";

fn main() -> ExitCode {
    if std::env::args_os().nth(1).as_deref() == Some(OsStr::new(RUN_PICCOLO)) {
        return piccolo_run::main();
    }
    match compare() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    rounds: usize,
    filter: String,
    core: bool,
    skip: Vec<String>,
}

impl Options {
    fn parse() -> Result<Options, lexopt::Error> {
        use lexopt::prelude::*;

        let mut options = Options {
            rounds: 5,
            filter: String::new(),
            core: false,
            skip: Vec::new(),
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("rounds") => options.rounds = parser.value()?.parse::<usize>()?.max(1),
                Long("filter") => options.filter = parser.value()?.string()?,
                Long("core") => options.core = true,
                Long("skip") => options.skip.push(parser.value()?.string()?),
                // Cargo adds this one.
                Long("bench") => {}
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }
}

/// A file of `programs/`.
struct Program {
    name: String,
    path: PathBuf,
    /// Whether its header says `-- core: true`.
    core: bool,
}

impl Program {
    /// The programs that the options ask for, the core ones first, each group by name.
    fn all(options: &Options) -> Result<Vec<Program>, Box<dyn Error>> {
        let mut programs = Vec::new();
        for path in conformance::cases::programs() {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let source = std::fs::read_to_string(&path)?;
            let core = source.lines().take(5).any(|line| line == "-- core: true");
            if name.contains(&options.filter) && (core || !options.core) {
                programs.push(Program {
                    name: name.into_owned(),
                    path,
                    core,
                });
            }
        }
        programs.sort_by(|a, b| (!a.core, &a.name).cmp(&(!b.core, &b.name)));
        Ok(programs)
    }
}

/// A way to run a Lua file: a program and the arguments before the file's name.
struct Vm {
    name: &'static str,
    program: OsString,
    arguments: &'static [&'static str],
}

impl Vm {
    fn ours() -> Vm {
        Vm {
            name: "sandbox",
            program: env!("CARGO_BIN_EXE_sandbox").into(),
            arguments: &["run"],
        }
    }

    /// The peers that this machine has and the options leave in; a missing one is reported.
    fn peers(options: &Options) -> Result<Vec<Vm>, Box<dyn Error>> {
        let peer = |name, program: &str, arguments| Vm {
            name,
            program: program.into(),
            arguments,
        };
        let all = [
            peer("luajit", "luajit", &[]),
            peer("luajit -joff", "luajit", &["-joff"]),
            peer("lua5.1", "lua5.1", &[]),
            Vm {
                name: "piccolo",
                program: std::env::current_exe()?.into(),
                arguments: &[RUN_PICCOLO],
            },
        ];
        let mut found = Vec::new();
        for vm in all {
            if options.skip.iter().any(|name| name == vm.name) {
                eprintln!("skipped: {} as asked", vm.name);
            } else if vm.name != "piccolo" && !starts(&vm.program) {
                eprintln!("skipped: {} not found", vm.program.to_string_lossy());
            } else {
                found.push(vm);
            }
        }
        Ok(found)
    }

    /// Runs a program once, as a process.
    fn run(&self, program: &Program) -> Result<Run, String> {
        let mut child = Command::new(&self.program)
            .args(self.arguments)
            .arg(&program.path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut stdout = child.stdout.take().ok_or("no stdout")?;
        let mut stderr = child.stderr.take().ok_or("no stderr")?;

        let deadline = Instant::now() + TIME_LIMIT;
        let used = loop {
            match child.try_wait4().map_err(|error| error.to_string())? {
                Some(used) => break used,
                None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
                None => {
                    // It may have ended by itself in between, which is just as well.
                    let _ = child.kill();
                    let _ = child.wait4();
                    return Err(format!("not done after {} s", TIME_LIMIT.as_secs()));
                }
            }
        };

        let read = |pipe: &mut dyn Read| {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes)
                .map(|_| String::from_utf8_lossy(&bytes).trim_end().to_owned())
                .map_err(|error| error.to_string())
        };
        let output = read(&mut stdout)?;
        if !used.status.success() {
            let message = read(&mut stderr)?;
            let first = message.lines().next().unwrap_or_default();
            return Err(format!("{}: {first}", used.status));
        }
        Ok(Run {
            output: without_integer_fractions(&output),
            seconds: used.rusage.utime.as_secs_f64(),
            bytes: used.rusage.maxrss,
        })
    }
}

fn starts(program: &OsStr) -> bool {
    Command::new(program)
        .arg("-v")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// `5.0` as `5`: a VM with 5.4's integers prints the same number differently.
fn without_integer_fractions(output: &str) -> String {
    output
        .split(' ')
        .map(|word| word.strip_suffix(".0").unwrap_or(word))
        .collect::<Vec<_>>()
        .join(" ")
}

/// What one process printed and used.
struct Run {
    output: String,
    /// User time.
    seconds: f64,
    /// Peak resident memory.
    bytes: u64,
}

/// The runs of one program on one VM, or why it takes no part in the comparison.
type Runs = Result<Vec<Run>, String>;

/// Compares and prints the table; the answer is whether every program ran on our VM and printed what it should.
fn compare() -> Result<bool, Box<dyn Error>> {
    let options = Options::parse()?;
    let programs = Program::all(&options)?;
    if programs.is_empty() {
        return Err(format!("no program is named like {:?}", options.filter).into());
    }
    let mut vms = vec![Vm::ours()];
    vms.extend(Vm::peers(&options)?);

    let mut rows = Vec::new();
    for program in &programs {
        eprintln!("{} …", program.name);
        rows.push(measure(program, &vms, options.rounds));
    }

    print!("{}", table(&programs, &vms, &rows));
    let mut all_ran = true;
    for (program, row) in programs.iter().zip(&rows) {
        for (vm, runs) in vms.iter().zip(row) {
            if let Err(reason) = runs {
                eprintln!("{} on {}: {reason}", program.name, vm.name);
                all_ran &= vm.name != "sandbox";
            }
        }
    }
    Ok(all_ran)
}

/// One program on every VM: first once, to compare what they print, then in turns.
fn measure(program: &Program, vms: &[Vm], rounds: usize) -> Vec<Runs> {
    let trials: Vec<_> = vms.iter().map(|vm| vm.run(program)).collect();
    // The first peer is the oracle; our own VM comes before it and is the last to be believed.
    let expected = trials[1..]
        .iter()
        .chain(&trials[..1])
        .flatten()
        .map(|run| run.output.clone())
        .next()
        .unwrap_or_default();
    let mut row: Vec<Runs> = trials
        .into_iter()
        .map(|trial| match trial {
            Ok(run) if run.output == expected => Ok(Vec::new()),
            Ok(run) => Err(format!("printed {:?}, not {expected:?}", run.output)),
            Err(reason) => Err(reason),
        })
        .collect();
    for _ in 0..rounds {
        for (vm, runs) in vms.iter().zip(&mut row) {
            let Ok(list) = runs else { continue };
            match vm.run(program) {
                Ok(run) if run.output == expected => list.push(run),
                Ok(run) => *runs = Err(format!("printed {:?} once", run.output)),
                Err(reason) => *runs = Err(reason),
            }
        }
    }
    row
}

fn table(programs: &[Program], vms: &[Vm], rows: &[Vec<Runs>]) -> String {
    let peers = &vms[1..];
    // Memory is compared with one peer only: the plainest there is.
    let plain = vms
        .iter()
        .position(|vm| vm.name == "lua5.1")
        .unwrap_or(vms.len().min(2) - 1);

    let mut text = String::from("| program | sandbox, s |");
    for peer in peers {
        let _ = write!(text, " ÷ {} |", peer.name);
    }
    let _ = writeln!(text, " memory, MiB | ÷ {} |", vms[plain].name);
    text.push_str("|---|---|");
    text.push_str(&"---|".repeat(peers.len() + 2));
    text.push('\n');

    for (program, row) in programs.iter().zip(rows) {
        let _ = write!(text, "| {} | {} |", program.name, cell(seconds(&row[0]), 3));
        for runs in &row[1..] {
            let _ = write!(text, " {} |", cell(ratio(&row[0], runs, seconds), 2));
        }
        let mebibytes = peak(&row[0]).map(|bytes| bytes / f64::from(1 << 20));
        let _ = write!(text, " {} |", cell(mebibytes, 1));
        let _ = writeln!(text, " {} |", cell(ratio(&row[0], &row[plain], peak), 2));
    }

    for (title, core) in [("core", true), ("all", false)] {
        let chosen: Vec<_> = programs
            .iter()
            .zip(rows)
            .filter(|(program, _)| program.core || !core)
            .map(|(_, row)| row)
            .collect();
        if chosen.is_empty() {
            continue;
        }
        let mean = |of: &dyn Fn(&[Runs]) -> Option<f64>| {
            let values: Vec<f64> = chosen.iter().filter_map(|row| of(row)).collect();
            let mut text = cell(geometric_mean(&values), 2);
            if !values.is_empty() && values.len() < chosen.len() {
                let _ = write!(text, " (of {})", values.len());
            }
            text
        };
        let _ = write!(text, "| **geomean, {title} ({})** |", chosen.len());
        let _ = write!(text, " {} |", mean(&|row| seconds(&row[0])));
        for column in 1..vms.len() {
            let _ = write!(
                text,
                " **{}** |",
                mean(&|row| ratio(&row[0], &row[column], seconds))
            );
        }
        let _ = writeln!(
            text,
            " | **{}** |",
            mean(&|row| ratio(&row[0], &row[plain], peak))
        );
    }
    text
}

fn cell(value: Option<f64>, digits: usize) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
}

fn seconds(runs: &Runs) -> Option<f64> {
    let values = runs.as_ref().ok()?.iter().map(|run| run.seconds);
    Some(median(values.collect())?.max(SHORTEST))
}

fn peak(runs: &Runs) -> Option<f64> {
    let values = runs.as_ref().ok()?.iter().map(|run| run.bytes as f64);
    median(values.collect())
}

fn ratio(ours: &Runs, peer: &Runs, of: fn(&Runs) -> Option<f64>) -> Option<f64> {
    Some(of(ours)? / of(peer)?)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let sum: f64 = values.iter().map(|value| value.ln()).sum();
    Some((sum / values.len() as f64).exp())
}
