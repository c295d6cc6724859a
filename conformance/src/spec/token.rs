//! Replay tokens: one word that names a test and a schedule.
//!
//! `t1-` and then, in the alphabet of URLs: flags, seed, number of the schedule or its decisions, the test's number
//! and a hash of its name, the file, a check sum. Numbers are in base 128, lowest digits first.

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;

use super::schedule::{Decision, Schedule, hash};

/// How tokens of `sandbox test` begin.
pub const PREFIX: &str = "t1-";

/// The tests before it in its file run too.
const WITH_THOSE_BEFORE: u8 = 1;
/// The schedule is a list of decisions.
const LISTED: u8 = 2;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// As it was given, from the working directory.
    pub file: String,
    /// The test's number in the file.
    pub index: u32,
    /// A hash of the test's name, which tells when the file has changed.
    pub name: u32,
    /// Of the tests before it, and of random numbers.
    pub seed: u64,
    pub number: u32,
    pub schedule: Schedule,
    /// Whether it fails only with the tests before it.
    pub with_those_before: bool,
}

/// Why a word is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("a token of `sandbox test` begins with `{PREFIX}`")]
    Prefix,
    #[error("the token is damaged: copy it whole, from `{PREFIX}` to its end")]
    Damaged,
}

/// Returns what a token keeps of a test's name.
#[must_use]
pub fn name_hash(name: &str) -> u32 {
    hash(name.bytes()) as u32
}

impl Token {
    /// Returns the token as one word.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = Vec::new();
        let is_listed = matches!(self.schedule, Schedule::Listed { .. });
        let before = u8::from(self.with_those_before) * WITH_THOSE_BEFORE;
        bytes.push(before | (u8::from(is_listed) * LISTED));
        put(&mut bytes, self.seed);
        put(&mut bytes, u64::from(self.number));
        if let Schedule::Listed { decisions, speed } = &self.schedule {
            put(&mut bytes, *speed);
            put(&mut bytes, decisions.len() as u64);
            let mut next = 0;
            for (&number, decision) in decisions {
                put(&mut bytes, u64::from(number - next));
                put(&mut bytes, u64::from(decision.who));
                put(&mut bytes, u64::from(decision.fuel));
                next = number + 1;
            }
        }
        put(&mut bytes, u64::from(self.index));
        bytes.extend(self.name.to_le_bytes());
        bytes.extend(self.file.as_bytes());
        let sum = check_sum(&bytes);
        bytes.extend(sum);
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&bytes))
    }

    /// Reads a token.
    ///
    /// # Errors
    ///
    /// When it is none; it need not come from us.
    pub fn decode(word: &str) -> Result<Token, TokenError> {
        let digits = word.strip_prefix(PREFIX).ok_or(TokenError::Prefix)?;
        let bytes = BASE64URL_NOPAD
            .decode(digits.as_bytes())
            .map_err(|_| TokenError::Damaged)?;
        let (bytes, sum) = bytes.split_last_chunk().ok_or(TokenError::Damaged)?;
        if check_sum(bytes) != *sum {
            return Err(TokenError::Damaged);
        }
        read(bytes).ok_or(TokenError::Damaged)
    }
}

fn read(mut bytes: &[u8]) -> Option<Token> {
    let bytes = &mut bytes;
    let flags = *bytes.split_off_first()?;
    let seed = take(bytes)?;
    let number = u32::try_from(take(bytes)?).ok()?;
    let schedule = if flags & LISTED == 0 {
        Schedule::Seeded { seed, number }
    } else {
        let speed = take(bytes)?.max(1);
        let mut decisions = BTreeMap::new();
        let mut next: u64 = 0;
        for _ in 0..take(bytes)? {
            let at = next.checked_add(take(bytes)?)?;
            let decision = Decision {
                who: u32::try_from(take(bytes)?).ok()?,
                fuel: u32::try_from(take(bytes)?).ok()?,
            };
            decisions.insert(u32::try_from(at).ok()?, decision);
            next = at + 1;
        }
        Schedule::Listed { decisions, speed }
    };
    let index = u32::try_from(take(bytes)?).ok()?;
    let (name, file) = bytes.split_first_chunk()?;
    Some(Token {
        file: String::from_utf8(file.to_vec()).ok()?,
        index,
        name: u32::from_le_bytes(*name),
        seed,
        number,
        schedule,
        with_those_before: flags & WITH_THOSE_BEFORE != 0,
    })
}

fn check_sum(bytes: &[u8]) -> [u8; 2] {
    let [first, second, ..] = hash(bytes.iter().copied()).to_be_bytes();
    [first, second]
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(schedule: Schedule) -> Token {
        Token {
            file: "tests/größe_spec.lua".into(),
            index: 12,
            name: name_hash("a counter counts"),
            seed: u64::MAX,
            number: 7,
            schedule,
            with_those_before: true,
        }
    }

    #[test]
    fn a_token_says_what_was_put_in() {
        let decision = |who, fuel| Decision { who, fuel };
        let decisions = [
            (0, decision(1, 0)),
            (1, decision(0, 3)),
            (900, decision(2, 4000)),
        ];
        let listed = Schedule::Listed {
            decisions: decisions.into(),
            speed: 1000,
        };
        let seeded = Schedule::Seeded {
            seed: u64::MAX,
            number: 7,
        };
        for schedule in [listed, seeded] {
            let token = token(schedule);
            assert_eq!(Token::decode(&token.encode()), Ok(token));
        }
    }

    #[test]
    fn a_damaged_token_is_refused() {
        let word = token(Schedule::Seeded { seed: 1, number: 7 }).encode();
        for end in PREFIX.len()..word.len() {
            assert_eq!(Token::decode(&word[..end]), Err(TokenError::Damaged));
        }
        assert_eq!(Token::decode("x1-abc"), Err(TokenError::Prefix));
        assert_eq!(Token::decode("t1-ä"), Err(TokenError::Damaged));
    }
}
