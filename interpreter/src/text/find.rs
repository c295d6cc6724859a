//! Searching without patterns, and the replacement templates of `string.gsub`.

use memchr::{memchr, memmem};

use super::format::append_position;
use super::matcher::{Capture, Matcher};
use super::pattern::{Pattern, PatternError};

/// True when `string.find` takes a pattern literally because it has no special byte.
/// `)` and `]` alone do not count, so `find(s, ")")` works where `match(s, ")")` is an error.
pub fn is_plain(pattern: &[u8]) -> bool {
    !pattern.iter().any(|byte| {
        matches!(
            byte,
            b'^' | b'$' | b'*' | b'+' | b'?' | b'.' | b'(' | b'[' | b'%' | b'-'
        )
    })
}

/// Where `needle` first occurs at or after `init`, counted from 0. Linear in the haystack.
pub fn find_plain(haystack: &[u8], needle: &[u8], init: usize) -> Option<usize> {
    let rest = haystack.get(init..)?;
    let found = match needle {
        [] => Some(0),
        [byte] => memchr(*byte, rest),
        [first, ..] => find_long(rest, needle, *first),
    };
    found.map(|offset| init + offset)
}

/// Looks for the first byte of the needle, which takes no preparation, until it was found in vain a few times.
fn find_long(haystack: &[u8], needle: &[u8], first: u8) -> Option<usize> {
    let last = haystack.len().checked_sub(needle.len())?;
    let mut at = 0;
    for _ in 0..8 {
        at += memchr(first, haystack.get(at..=last)?)?;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
    memmem::find(haystack.get(at..)?, needle).map(|offset| at + offset)
}

/// Why a replacement could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplaceError {
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The result would be longer than the caller allows.
    #[error("not enough memory")]
    TooLong,
}

/// Appends a replacement template to `out`: `%0` is the match, `%1` to `%9` are captures, and any other
/// byte after `%` stands for itself. A `%` at the end gives a zero byte, as in LuaJIT.
///
/// # Errors
///
/// A capture that does not exist or is unfinished, or more than `limit` bytes in `out`.
pub fn expand_replacement(
    out: &mut Vec<u8>,
    limit: usize,
    template: &[u8],
    subject: &[u8],
    pattern: &Pattern,
    matcher: &Matcher,
) -> Result<(), ReplaceError> {
    let mut rest = template;
    while let Some(escape) = memchr(b'%', rest) {
        append(out, limit, &rest[..escape])?;
        let byte = rest.get(escape + 1).copied().unwrap_or(0);
        rest = rest.get(escape + 2..).unwrap_or_default();
        let capture = match byte {
            b'0' => matcher.whole(),
            b'1'..=b'9' => matcher.capture(pattern, usize::from(byte - b'1'))?,
            _ => {
                append(out, limit, &[byte])?;
                continue;
            }
        };
        match capture {
            Capture::Span { start, end } => {
                append(out, limit, subject.get(start..end).unwrap_or_default())?;
            }
            Capture::Position(position) => {
                if limit.saturating_sub(out.len()) < 20 {
                    return Err(ReplaceError::TooLong);
                }
                append_position(out, position);
            }
        }
    }
    append(out, limit, rest)
}

fn append(out: &mut Vec<u8>, limit: usize, bytes: &[u8]) -> Result<(), ReplaceError> {
    if bytes.len() > limit.saturating_sub(out.len()) {
        return Err(ReplaceError::TooLong);
    }
    out.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::matcher::Outcome;
    use crate::text::pattern::Caret;

    fn expand(
        subject: &[u8],
        pattern: &[u8],
        template: &[u8],
        limit: usize,
    ) -> Result<Vec<u8>, String> {
        let pattern = Pattern::new(pattern, Caret::Anchor);
        let mut matcher = Matcher::new();
        matcher.begin(0);
        let outcome = matcher.step(subject, &pattern, &mut 1000);
        assert!(matches!(outcome, Outcome::Matched { .. }));
        let mut out = Vec::new();
        expand_replacement(&mut out, limit, template, subject, &pattern, &matcher)
            .map_err(|error| error.to_string())?;
        Ok(out)
    }

    #[test]
    fn templates() {
        let expand = |pattern: &[u8], template: &[u8]| expand(b"abc", pattern, template, 1000);
        assert_eq!(expand(b"b", b"<%0%1%%%x>").unwrap(), b"<bb%x>");
        assert_eq!(expand(b"b", b"%").unwrap(), b"\0");
        assert_eq!(expand(b"()b", b"%1").unwrap(), b"2");
        assert_eq!(expand(b"(b", b"x").unwrap(), b"x");
        assert_eq!(expand(b"(b", b"%0").unwrap(), b"b");
        assert_eq!(expand(b"(b", b"%1").unwrap_err(), "unfinished capture");
        assert_eq!(expand(b"b", b"%2").unwrap_err(), "invalid capture index");
    }

    #[test]
    fn the_limit_holds() {
        assert_eq!(expand(b"abc", b"abc", b"%0%0", 6).unwrap(), b"abcabc");
        assert_eq!(
            expand(b"abc", b"abc", b"%0%0", 5).unwrap_err(),
            "not enough memory"
        );
        assert_eq!(
            expand(b"abc", b"()", b"%1", 5).unwrap_err(),
            "not enough memory"
        );
    }

    #[test]
    fn plain() {
        assert!(is_plain(b"a)]\0b"));
        assert!(is_plain(b""));
        for byte in *b"^$*+?.([%-" {
            assert!(!is_plain(&[b'a', byte]));
        }
        assert_eq!(find_plain(b"hello", b"l", 0), Some(2));
        assert_eq!(find_plain(b"hello", b"l", 3), Some(3));
        assert_eq!(find_plain(b"hello", b"", 5), Some(5));
        assert_eq!(find_plain(b"hello", b"", 6), None);
        assert_eq!(find_plain(b"a\0b\0c", b"\0c", 0), Some(3));
        assert_eq!(find_plain(b"aaaaaaaaaaaaaaaab", b"aab", 1), Some(14));
        assert_eq!(find_plain(b"aaaaaaaaaaaaaaaaa", b"aab", 1), None);
        assert_eq!(find_plain(b"aaa", b"ab", 0), None);
        assert_eq!(find_plain(b"a", b"ab", 0), None);
        assert_eq!(find_plain(b"abab", b"abab", 0), Some(0));
    }
}
