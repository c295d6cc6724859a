//! Compares our VM with LuaJIT on random programs, byte by byte, and makes what differs small.

mod expression;
mod extension;
mod flow;
mod generate;
mod library;
mod odd;
mod peer;
mod scenario;
mod shrink;
pub(crate) mod tree;

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::captured::{self, End, Limits};

pub use generate::program;
pub use peer::{Answer, Peer};
pub use shrink::shrink;
pub use tree::{Kind, Node};

/// What a program of ours may use before it counts as one that does not end.
const LIMITS: Limits = Limits {
    fuel: 5_000_000,
    memory: 512 << 20,
    stress: None,
};

/// Processes of the peer that must all contradict us.
const PEER_PROCESSES: usize = 8;

/// How long a program is made smaller.
const SHRINKING: Duration = Duration::from_secs(15);

/// Which programs are compared, and with whom.
#[derive(Debug, Clone)]
pub struct Options {
    /// Programs to compare.
    pub count: u64,
    /// The first program's seed; the next one's is one more.
    pub seed: u64,
    /// About how many statements a program has.
    pub size: usize,
    /// The file of a `luajit`, or of a Neovim.
    pub peer: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            count: 1_000,
            seed: 0,
            size: 40,
            peer: "luajit".into(),
        }
    }
}

/// A program on which the VMs differ.
#[derive(Debug)]
pub struct Difference {
    pub seed: u64,
    pub program: String,
    pub ours: String,
    pub theirs: String,
}

/// What came of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Programs whose output was compared.
    pub compared: u64,
    pub different: u64,
    /// The seeds of programs that did not end in one of the VMs.
    pub unanswered: Vec<u64>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} differs:\n\n{}", self.seed, self.program)?;
        writeln!(f, "ours:\n{}\ntheirs:\n{}", self.ours, self.theirs)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} programs compared, {} different, {} unanswered",
            self.compared,
            self.different,
            self.unanswered.len()
        )?;
        if !self.unanswered.is_empty() {
            write!(f, " (seeds {:?})", self.unanswered)?;
        }
        Ok(())
    }
}

/// Compares programs and reports each difference, made as small as it gets.
///
/// # Errors
///
/// When the peer cannot be started.
pub fn compare(options: &Options, mut report: impl FnMut(&Difference)) -> io::Result<Summary> {
    let mut peer = Peer::new(&options.peer)?;
    let mut summary = Summary::default();
    for seed in options.seed..options.seed + options.count {
        let program = program(seed, options.size);
        match outputs(&mut peer, &program)? {
            None => summary.unanswered.push(seed),
            Some((ours, theirs)) => {
                summary.compared += 1;
                // What an earlier program has left behind in the peer is no difference.
                if ours != theirs && still_differs(&mut peer, &program)? {
                    summary.different += 1;
                    report(&smallest(&mut peer, seed, &program)?);
                }
            }
        }
    }
    Ok(summary)
}

/// Looks again, in new processes of the peer: each hashes strings by a seed of its own, so that it need not
/// agree with itself on the border of a table with holes.
fn still_differs(peer: &mut Peer, program: &Node) -> io::Result<bool> {
    for _ in 0..PEER_PROCESSES {
        peer.stop();
        if outputs(peer, program)?.is_none_or(|(ours, theirs)| ours == theirs) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn smallest(peer: &mut Peer, seed: u64, program: &Node) -> io::Result<Difference> {
    let loads = |output: &str| !output.starts_with("does not load");
    let loaded =
        outputs(peer, program)?.is_some_and(|(ours, theirs)| loads(&ours) && loads(&theirs));
    // Parts of a program need not end, though the whole does.
    let patience = std::mem::replace(&mut peer.patience, Duration::from_millis(500));
    let begun = Instant::now();
    let small = shrink(program, |candidate| {
        begun.elapsed() < SHRINKING
            && matches!(outputs(peer, candidate), Ok(Some((ours, theirs)))
            if ours != theirs && (!loaded || loads(&ours) && loads(&theirs)))
    });
    peer.patience = patience;
    let (ours, theirs) = outputs(peer, &small)?.unwrap_or_default();
    Ok(Difference {
        seed,
        program: small.render(),
        ours,
        theirs,
    })
}

/// Runs a program in both VMs at the same time.
fn outputs(peer: &mut Peer, program: &Node) -> io::Result<Option<(String, String)>> {
    let program = program.render();
    peer.send(&program)?;
    let Some(ours) = run(&program) else {
        // A program that takes so much has no end that could be compared, nor waited for.
        peer.stop();
        return Ok(None);
    };
    Ok(match peer.receive() {
        Answer::Nothing => None,
        Answer::Output(theirs) => Some((without_addresses(&ours), without_addresses(&theirs))),
    })
}

/// Runs a program in our VM, as the peer's script does in the peer; `None` if it takes more than [`LIMITS`].
fn run(program: &str) -> Option<Vec<u8>> {
    let chunk = concat!(include_str!("driver.lua"), "run((...))\n");
    let arguments = [program.as_bytes()];
    let run = || captured::run(chunk.as_bytes(), b"=driver", &arguments, LIMITS);
    Some(match catch_unwind(AssertUnwindSafe(run)) {
        Ok((output, End::Finished)) => output,
        Ok((_, End::Interrupted(_))) => return None,
        Ok((mut output, End::Failed(message))) => {
            output.extend_from_slice(message.as_bytes());
            output
        }
        Err(_) => b"panicked".to_vec(),
    })
}

/// Leaves out what is said of an object's address, and the numbers of library functions.
fn without_addresses(output: &[u8]) -> String {
    const MARKS: [&str; 4] = [": 0x", "(0x", "at 0x", "builtin#"];
    let output = String::from_utf8_lossy(output);
    let mut rest = &output[..];
    let mut clean = String::with_capacity(rest.len());
    while let Some(at) = MARKS
        .iter()
        .filter_map(|mark| rest.find(mark).map(|at| at + mark.len()))
        .min()
    {
        clean.push_str(&rest[..at]);
        rest = rest[at..].trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        // Only LuaJIT has an address to add where a frame's function has no name.
        rest = rest.strip_prefix("]: at 0x").map_or(rest, |address| {
            clean.push_str("]:");
            address.trim_start_matches(|c: char| c.is_ascii_hexdigit())
        });
    }
    clean.push_str(rest);
    as_native(&clean)
}

/// Shows library functions that are bytecode in LuaJIT as what they are here, native ones, in tracebacks.
fn as_native(output: &str) -> String {
    const BYTECODE: &str = "[builtin:";
    const FRAME: &str = "]: in function ";
    let mut rest = output;
    let mut clean = String::with_capacity(rest.len());
    while let Some((before, after)) = rest.split_once(BYTECODE) {
        clean.push_str(before);
        rest = after;
        match after.split_once(FRAME) {
            Some((name, caller)) if name.bytes().all(|byte| byte.is_ascii_lowercase()) => {
                match caller.strip_prefix('<').and_then(|it| it.split_once('>')) {
                    Some((_, caller)) => {
                        clean.push_str("[builtin#]:");
                        rest = caller;
                    }
                    None => {
                        clean.push_str("[C]: in function ");
                        rest = caller;
                    }
                }
            }
            _ => clean.push_str(BYTECODE),
        }
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_left_out() {
        let clean =
            without_addresses(b"a table: 0x12ab, function: builtin#12 table: no thread: 0x1");
        assert_eq!(
            clean,
            "a table: 0x, function: builtin# table: no thread: 0x"
        );
        assert_eq!(
            without_addresses(b"[builtin#20]: at 0x12\n"),
            "[builtin#]:\n"
        );
        assert_eq!(without_addresses(b"[builtin#pcall]:\n"), "[builtin#]:\n");
        assert_eq!(without_addresses(b"file (0x7f31)"), "file (0x)");
        assert_eq!(
            without_addresses(b"[builtin:rad]:0: x\n[builtin:rad]: in function 'rad'\n"),
            "[builtin:rad]:0: x\n[C]: in function 'rad'\n"
        );
        assert_eq!(
            without_addresses(b"[builtin:foreachi]: in function <[builtin:foreachi]:-1>\n"),
            "[builtin#]:\n"
        );
    }

    #[test]
    fn a_seed_gives_the_same_program_and_the_program_the_same_output() {
        for seed in 0..20 {
            let text = program(seed, 30).render();
            assert_eq!(text, program(seed, 30).render());
            assert_eq!(run(&text), run(&text));
        }
    }
}
