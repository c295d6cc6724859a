//! Small string functions without the VM: index rules, the length of a repetition, letters.
//! Indices arrive as the `i32` that `format::to_i32` makes of an argument.

use std::ops::Range;

/// The longest string LuaJIT makes (`LJ_MAX_STR`); `string.rep` beyond it is "not enough memory".
pub const MAX_STRING: usize = 0x7fff_ff00;

/// The bytes that `string.sub(s, first, last)` takes of a string of `len` bytes. `string.byte` goes by the same
/// rules; its `last` is `first` unless given.
pub fn sub_range(len: usize, first: i32, last: i32) -> Range<usize> {
    let count = i64::try_from(len).unwrap_or(i64::MAX);
    let from_end = |index: i32| match i64::from(index) {
        index if index < 0 => index + count + 1,
        index => index,
    };
    let first = from_end(first).max(1);
    let last = from_end(last).min(count);
    if first > last {
        return 0..0;
    }
    first as usize - 1..last as usize
}

/// Where `string.find` and `string.match` begin for their third argument, counted from 0 and at most `len`.
pub fn init_position(len: usize, init: i32) -> usize {
    let count = i64::try_from(len).unwrap_or(i64::MAX);
    let start = match i64::from(init) {
        init if init < 0 => init + count,
        init => init - 1,
    };
    start.clamp(0, count) as usize
}

/// How long `string.rep(s, n, sep)` is for lengths of `s` and `sep`; nothing when LuaJIT would refuse.
pub fn rep_len(len: usize, n: i32, separator: usize) -> Option<usize> {
    let Ok(n) = usize::try_from(n) else {
        return Some(0);
    };
    if n == 0 {
        return Some(0);
    }
    let total = len
        .checked_mul(n)?
        .checked_add(separator.checked_mul(n - 1)?)?;
    (total <= MAX_STRING).then_some(total)
}

/// Appends `piece` and what follows of its endless repetition until `out` has `total` bytes. `rep` fills a
/// string with it in steps: give it `s` and the separator joined, and cut the last separator off `total`.
pub fn repeat_until(out: &mut Vec<u8>, piece: &[u8], total: usize) {
    if piece.is_empty() {
        return;
    }
    let mut offset = out.len() % piece.len();
    while out.len() < total {
        let rest = &piece[offset..];
        let take = rest.len().min(total - out.len());
        out.extend_from_slice(&rest[..take]);
        offset = 0;
        // Doubling copies long stretches at once.
        if out.len() >= piece.len() && out.len().is_multiple_of(piece.len()) {
            let take = out.len().min(total - out.len());
            out.extend_from_within(..take);
            offset = out.len() % piece.len();
        }
    }
}

/// `string.reverse`.
pub fn reverse(out: &mut Vec<u8>, string: &[u8]) {
    out.extend(string.iter().rev());
}

/// `string.upper`, for ASCII as in the C locale.
pub fn upper(out: &mut Vec<u8>, string: &[u8]) {
    out.extend(string.iter().map(u8::to_ascii_uppercase));
}

/// `string.lower`, for ASCII as in the C locale.
pub fn lower(out: &mut Vec<u8>, string: &[u8]) {
    out.extend(string.iter().map(u8::to_ascii_lowercase));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub() {
        let sub = |first, last| std::str::from_utf8(&b"hello"[sub_range(5, first, last)]).unwrap();
        assert_eq!(sub(1, -1), "hello");
        assert_eq!(sub(2, 3), "el");
        assert_eq!(sub(-3, -2), "ll");
        assert_eq!(sub(0, 2), "he");
        assert_eq!(sub(-100, 100), "hello");
        assert_eq!(sub(4, 2), "");
        assert_eq!(sub(6, 10), "");
        assert_eq!(sub(i32::MIN, i32::MAX), "hello");
        assert_eq!(sub(1, i32::MIN), "");
        assert_eq!(sub_range(0, 1, -1), 0..0);
    }

    #[test]
    fn init() {
        assert_eq!(init_position(5, 1), 0);
        assert_eq!(init_position(5, 0), 0);
        assert_eq!(init_position(5, -1), 4);
        assert_eq!(init_position(5, -9), 0);
        assert_eq!(init_position(5, 6), 5);
        assert_eq!(init_position(5, 100), 5);
        assert_eq!(init_position(5, i32::MIN), 0);
    }

    #[test]
    fn rep() {
        assert_eq!(rep_len(2, 3, 1), Some(8));
        assert_eq!(rep_len(2, 1, 1), Some(2));
        assert_eq!(rep_len(2, 0, 1), Some(0));
        assert_eq!(rep_len(2, -1, 1), Some(0));
        assert_eq!(rep_len(0, i32::MAX, 0), Some(0));
        assert_eq!(rep_len(2, 1 << 30, 0), None);
        assert_eq!(rep_len(usize::MAX, 2, 0), None);
        for total in 0..50 {
            let expected: Vec<u8> = b"ab,".iter().copied().cycle().take(total).collect();
            for step in 1..=total.max(1) {
                let mut out = Vec::new();
                while out.len() < total {
                    let next = (out.len() + step).min(total);
                    repeat_until(&mut out, b"ab,", next);
                }
                assert_eq!(out, expected);
            }
        }
    }

    #[test]
    fn letters() {
        let mut out = Vec::new();
        upper(&mut out, b"aZ\xe4\0");
        lower(&mut out, b"aZ\xc4");
        reverse(&mut out, b"abc");
        assert_eq!(out, b"AZ\xe4\0az\xc4cba");
    }
}
