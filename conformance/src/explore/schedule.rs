//! Hosts and schedules: what runs a program, and what decides where its callbacks land.

use std::fmt;
use std::str::FromStr;

/// What runs programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// One VM of ours, without a bridge.
    One,
    /// Both ends of the bridge on one thread, in virtual time.
    Vm,
    /// Real threads and a plain main.
    Threads,
    /// A real Neovim with real threads.
    Neovim,
}

impl Host {
    /// Returns the name that it has on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Host::One => "one",
            Host::Vm => "vm",
            Host::Threads => "threads",
            Host::Neovim => "nvim",
        }
    }

    /// Returns whether the operating system has a part in what happens.
    #[must_use]
    pub fn is_real(self) -> bool {
        matches!(self, Host::Threads | Host::Neovim)
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let hosts = [Host::One, Host::Vm, Host::Threads, Host::Neovim];
        let found = hosts.into_iter().find(|host| host.name() == name);
        found.ok_or_else(|| {
            format!("there is no host '{name}': it is `one`, `vm`, `threads` or `nvim`")
        })
    }
}

/// What decides where callbacks land.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// All decisions are drawn from a seed. Real threads take from it only how long main waits.
    Seed(u64),
    /// So many moves of one unit of fuel before the first callback is fired, before the second, and so on.
    Moves(Vec<u32>),
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Seed(seed) => write!(f, "seed {seed}"),
            Schedule::Moves(moves) => {
                write!(f, "moves")?;
                for count in moves {
                    write!(f, " {count}")?;
                }
                Ok(())
            }
        }
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let kind = words.next();
        let numbers: Option<Vec<u64>> = words.map(|word| word.parse().ok()).collect();
        match (kind, numbers.as_deref()) {
            (Some("seed"), Some(&[seed])) => Ok(Schedule::Seed(seed)),
            (Some("moves"), Some(moves)) => {
                let moves: Result<Vec<u32>, _> =
                    moves.iter().map(|&count| u32::try_from(count)).collect();
                moves.map(Schedule::Moves).map_err(|e| e.to_string())
            }
            _ => Err(format!("'{text}' is no schedule")),
        }
    }
}
