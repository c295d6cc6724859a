//! Tokens: one word from which a failing run can be repeated.

use std::fmt;
use std::str::FromStr;

use super::schedule::{Host, Schedule};

/// Names a run: `x1-HOST-SIZE-PROGRAM-SCHEDULE`, as in `x1-vm-30-1234-s5` or `x1-vm-10-7-m3.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub host: Host,
    /// About how many statements the program has.
    pub size: usize,
    /// The program's seed.
    pub program: u64,
    pub schedule: Schedule,
}

/// What tokens of this version begin with. Another generator needs another number.
const PREFIX: &str = "x1";

impl Token {
    /// Returns whether a word is meant as such a token.
    #[must_use]
    pub fn is_meant(word: &str) -> bool {
        word.starts_with("x1-")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, size, program) = (self.host.name(), self.size, self.program);
        write!(f, "{PREFIX}-{host}-{size}-{program}-")?;
        match &self.schedule {
            Schedule::Seed(seed) => write!(f, "s{seed}"),
            Schedule::Moves(moves) => {
                let moves: Vec<String> = moves.iter().map(u32::to_string).collect();
                write!(f, "m{}", moves.join("."))
            }
        }
    }
}

impl FromStr for Token {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let parts: Vec<&str> = word.split('-').collect();
        let parsed = match *parts {
            [PREFIX, host, size, program, schedule] => (|| {
                let schedule = match schedule.split_at_checked(1)? {
                    ("s", seed) => Schedule::Seed(seed.parse().ok()?),
                    ("m", "") => Schedule::Moves(Vec::new()),
                    ("m", moves) => {
                        let moves: Option<Vec<u32>> =
                            moves.split('.').map(|count| count.parse().ok()).collect();
                        Schedule::Moves(moves?)
                    }
                    _ => return None,
                };
                Some(Token {
                    host: host.parse().ok()?,
                    size: size.parse().ok()?,
                    program: program.parse().ok()?,
                    schedule,
                })
            })(),
            _ => None,
        };
        parsed.ok_or_else(|| format!("'{word}' is no token of `sandbox explore`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back() {
        for schedule in [
            Schedule::Seed(7),
            Schedule::Moves(vec![3, 0]),
            Schedule::Moves(vec![]),
        ] {
            let token = Token {
                host: Host::Vm,
                size: 30,
                program: u64::MAX,
                schedule,
            };
            assert_eq!(token.to_string().parse(), Ok(token));
        }
        for word in [
            "x1-vm-30-1",
            "x1-no-30-1-s1",
            "x1-vm-30-1-q1",
            "x2-vm-30-1-s1",
            "x1-vm-30-1-m1.x",
        ] {
            assert!(word.parse::<Token>().is_err(), "{word}");
        }
    }
}
