//! The formats of `os.date`: C's `strftime` in the C locale, with the flags, widths and conversions that the
//! GNU C library adds. What is not a conversion is copied as it stands.

use super::time::DateTime;

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The result would be longer than the caller allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not enough memory")]
pub struct TooLong;

/// Appends `time` in `format` to `out`, of at most `limit` bytes. A zero byte ends the format.
///
/// # Errors
///
/// `TooLong`, and then `out` holds the front part.
pub fn strftime(
    out: &mut Vec<u8>,
    limit: usize,
    format: &[u8],
    time: &DateTime,
) -> Result<(), TooLong> {
    let end = format.iter().position(|&byte| byte == 0);
    let format = &format[..end.unwrap_or(format.len())];
    let mut writer = Writer { out, limit, time };
    writer.format(format, false)
}

/// What stands between `%` and the letter.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    /// `_`, `-`, `0` or `+`; the last one counts.
    pad: Option<u8>,
    upper: bool,
    swap_case: bool,
    width: Option<usize>,
    /// `E` or `O`, which change nothing in the C locale but do not go with every letter.
    modifier: Option<u8>,
}

fn goes_with(modifier: Option<u8>, letter: u8) -> bool {
    let refused: &[u8] = match modifier {
        None => b"",
        Some(b'E') => b"aAbBdDeFgGhHIjklmMSUVwW",
        Some(_) => b"aAcDFxXY",
    };
    !refused.contains(&letter)
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    limit: usize,
    time: &'a DateTime,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if bytes.len() > self.limit.saturating_sub(self.out.len()) {
            return Err(TooLong);
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn fill(&mut self, byte: u8, count: usize) -> Result<(), TooLong> {
        if count > self.limit.saturating_sub(self.out.len()) {
            return Err(TooLong);
        }
        self.out.resize(self.out.len() + count, byte);
        Ok(())
    }

    fn format(&mut self, format: &[u8], upper: bool) -> Result<(), TooLong> {
        let mut rest = format;
        while let Some(start) = memchr::memchr(b'%', rest) {
            self.put(&rest[..start])?;
            rest = &rest[start..];
            let mut at = 1;
            let peek = |at: usize| rest.get(at).copied().unwrap_or(0);
            let mut options = Options {
                upper,
                ..Options::default()
            };
            loop {
                match peek(at) {
                    flag @ (b'_' | b'-' | b'0' | b'+') => options.pad = Some(flag),
                    b'^' => options.upper = true,
                    b'#' => options.swap_case = true,
                    _ => break,
                }
                at += 1;
            }
            while peek(at).is_ascii_digit() {
                let digit = usize::from(peek(at) - b'0');
                let width = options.width.unwrap_or(0);
                options.width = Some(width.saturating_mul(10).saturating_add(digit));
                at += 1;
            }
            if matches!(peek(at), b'E' | b'O') {
                options.modifier = Some(peek(at));
                at += 1;
            }
            let letter = peek(at);
            if matches!(letter, b'b' | b'B' | b'h') {
                options.upper |= options.swap_case;
            }
            let length = (at + 1).min(rest.len());
            if !self.convert(letter, &options)? {
                self.text(&rest[..length], &options)?;
            }
            rest = &rest[length..];
        }
        self.put(rest)
    }

    /// Writes one conversion. False when there is no such conversion.
    fn convert(&mut self, letter: u8, options: &Options) -> Result<bool, TooLong> {
        let time = self.time;
        let hour = i64::from(time.hour);
        let twelve = match hour % 12 {
            0 => 12,
            hour => hour,
        };
        if !goes_with(options.modifier, letter) {
            return Ok(false);
        }
        match letter {
            b'%' => self.text(b"%", options)?,
            b'n' => self.text(b"\n", options)?,
            b't' => self.text(b"\t", options)?,
            b'a' => self.name(&WEEKDAYS, usize::from(time.weekday) - 1, Some(3), options)?,
            b'A' => self.name(&WEEKDAYS, usize::from(time.weekday) - 1, None, options)?,
            b'b' | b'h' => self.name(&MONTHS, usize::from(time.month) - 1, Some(3), options)?,
            b'B' => self.name(&MONTHS, usize::from(time.month) - 1, None, options)?,
            b'p' => self.mark(if hour > 11 { b"PM" } else { b"AM" }, options)?,
            b'P' => {
                let text: &[u8] = if hour > 11 { b"pm" } else { b"am" };
                let upper = false;
                self.text(text, &Options { upper, ..*options })?;
            }
            b'Z' => self.mark(time.offset.name(), options)?,
            b'c' => self.composite(b"%a %b %e %H:%M:%S %Y", options)?,
            b'D' | b'x' => self.composite(b"%m/%d/%y", options)?,
            b'F' => self.composite(b"%Y-%m-%d", options)?,
            b'r' => self.composite(b"%I:%M:%S %p", options)?,
            b'R' => self.composite(b"%H:%M", options)?,
            b'T' | b'X' => self.composite(b"%H:%M:%S", options)?,
            b'd' => self.number(i64::from(time.day), 2, options)?,
            b'e' => self.spaced(i64::from(time.day), options)?,
            b'H' => self.number(hour, 2, options)?,
            b'k' => self.spaced(hour, options)?,
            b'I' => self.number(twelve, 2, options)?,
            b'l' => self.spaced(twelve, options)?,
            b'j' => self.number(i64::from(time.year_day), 3, options)?,
            b'm' => self.number(i64::from(time.month), 2, options)?,
            b'M' => self.number(i64::from(time.minute), 2, options)?,
            b'S' => self.number(i64::from(time.second), 2, options)?,
            b's' => self.text(time.timestamp.to_string().as_bytes(), options)?,
            b'u' => self.number((i64::from(time.weekday) + 5) % 7 + 1, 1, options)?,
            b'w' => self.number(i64::from(time.weekday) - 1, 1, options)?,
            b'U' => self.number(self.week(0), 2, options)?,
            b'W' => self.number(self.week(1), 2, options)?,
            b'V' => self.number(self.iso_week().1, 2, options)?,
            b'g' => self.number(self.iso_week().0.rem_euclid(100), 2, options)?,
            b'G' => self.number(self.iso_week().0, 1, options)?,
            b'C' => self.number(time.year.div_euclid(100), 1, options)?,
            b'y' => self.number(time.year.rem_euclid(100), 2, options)?,
            b'Y' => self.number(time.year, 1, options)?,
            b'z' => self.zone(options)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn text(&mut self, text: &[u8], options: &Options) -> Result<(), TooLong> {
        let padding = options.width.unwrap_or(0).saturating_sub(text.len());
        let byte = if options.pad == Some(b'0') {
            b'0'
        } else {
            b' '
        };
        self.fill(byte, padding)?;
        let start = self.out.len();
        self.put(text)?;
        if options.upper {
            self.out[start..].make_ascii_uppercase();
        }
        Ok(())
    }

    /// A text that `#` turns into small letters, even if `^` asks for capitals.
    fn mark(&mut self, text: &[u8], options: &Options) -> Result<(), TooLong> {
        if options.swap_case {
            let upper = false;
            self.text(&text.to_ascii_lowercase(), &Options { upper, ..*options })
        } else {
            self.text(text, options)
        }
    }

    fn name(
        &mut self,
        names: &[&str],
        index: usize,
        short: Option<usize>,
        options: &Options,
    ) -> Result<(), TooLong> {
        let name = names.get(index).copied().unwrap_or("?").as_bytes();
        let name = &name[..short.unwrap_or(name.len()).min(name.len())];
        let upper = options.upper || options.swap_case;
        self.text(name, &Options { upper, ..*options })
    }

    fn composite(&mut self, format: &[u8], options: &Options) -> Result<(), TooLong> {
        let mut inner = Vec::new();
        Writer {
            out: &mut inner,
            limit: 64,
            time: self.time,
        }
        .format(format, options.upper)?;
        self.text(&inner, options)
    }

    fn spaced(&mut self, value: i64, options: &Options) -> Result<(), TooLong> {
        let pad = options.pad.or(Some(b'_'));
        self.number(value, 2, &Options { pad, ..*options })
    }

    /// A number of at least `digits` characters.
    fn number(&mut self, value: i64, digits: usize, options: &Options) -> Result<(), TooLong> {
        let mut text = Vec::with_capacity(20);
        super::decimal::append_unsigned(&mut text, value.unsigned_abs());
        let sign: &[u8] = if value < 0 { b"-" } else { b"" };
        let width = options.width.unwrap_or(0).max(digits);
        let padding = width.saturating_sub(sign.len() + text.len());
        match options.pad {
            Some(b'-') => {
                let width = options.width.unwrap_or(0);
                self.fill(b' ', width.saturating_sub(sign.len() + text.len()))?;
                self.put(sign)?;
            }
            Some(b'_') => {
                self.fill(b' ', padding)?;
                self.put(sign)?;
            }
            _ => {
                self.put(sign)?;
                self.fill(b'0', padding)?;
            }
        }
        self.put(&text)
    }

    /// `%z`. A width applies to the sign and to the digits, as in the GNU library.
    fn zone(&mut self, options: &Options) -> Result<(), TooLong> {
        let seconds = self.time.offset.seconds;
        let minutes = i64::from(seconds).abs() / 60;
        let sign = if seconds < 0 { b"-" } else { b"+" };
        self.text(sign, options)?;
        self.number(minutes / 60 * 100 + minutes % 60, 4, options)
    }

    /// The week of the year when weeks start on this day, counted from Sunday; days before the first are in
    /// week 0.
    fn week(&self, start: i64) -> i64 {
        let weekday = (i64::from(self.time.weekday) - 1 - start).rem_euclid(7);
        (i64::from(self.time.year_day) - 1 + 7 - weekday) / 7
    }

    /// Year and week by ISO 8601: weeks start on Monday, the first one has the year's first Thursday.
    fn iso_week(&self) -> (i64, i64) {
        let is_leap = |year: i64| {
            year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
        };
        let length = |year: i64| if is_leap(year) { 366 } else { 365 };
        let year = self.time.year;
        let day = i64::from(self.time.year_day) - 1;
        let from_monday = (i64::from(self.time.weekday) + 5) % 7;
        // The Thursday of this week decides.
        let thursday = day - from_monday + 3;
        if thursday < 0 {
            (year - 1, (thursday + length(year - 1)) / 7 + 1)
        } else if thursday >= length(year) {
            (year + 1, (thursday - length(year)) / 7 + 1)
        } else {
            (year, thursday / 7 + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::time::{Offset, local, utc};

    fn date(format: &str, timestamp: i64) -> String {
        let mut out = Vec::new();
        strftime(&mut out, 1000, format.as_bytes(), &utc(timestamp).unwrap()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn conversions() {
        assert_eq!(
            date("%a|%A|%b|%B|%h|%c|%x|%X|%p|%r|%R|%T|%D|%F", 0),
            "Thu|Thursday|Jan|January|Jan|Thu Jan  1 00:00:00 1970|01/01/70|00:00:00|AM|\
             12:00:00 AM|00:00|00:00:00|01/01/70|1970-01-01"
        );
        assert_eq!(
            date(
                "%G|%g|%V|%U|%W|%u|%w|%C|%n|%t|%e|%j|%I|%y|%Z|%z|%s|%k|%l|%P|%%",
                0
            ),
            "1970|70|01|00|00|4|4|19|\n|\t| 1|001|12|70|GMT|+0000|0| 0|12|am|%"
        );
        assert_eq!(date("%d %m %H %M %S", 1_000_000_000), "09 09 01 46 40");
        assert_eq!(
            date("%c", -1125899906842624),
            "Fri Apr  8 05:02:56 -35676378"
        );
    }

    #[test]
    fn iso_weeks_at_the_turn_of_the_year() {
        assert_eq!(date("%G-W%V-%u", 1104537600), "2004-W53-6");
        assert_eq!(date("%G-W%V-%u", 1230681600), "2009-W01-3");
        assert_eq!(date("%G-W%V-%u", 1483142400), "2016-W52-6");
        assert_eq!(date("%U %W", 1104624000), "01 00");
    }

    #[test]
    fn flags_widths_and_modifiers() {
        assert_eq!(
            date("%#A|%5Y|%^a|%-d|%_d|%010Y|%Ey|%Od|%EY", 0),
            "THURSDAY|01970|THU|1| 1|0000001970|70|01|1970"
        );
        assert_eq!(
            date("%-5d|%010z|%#p|%#Z|%^P|%11s", 0),
            "    1|000000000+0000000000|am|gmt|am|          0"
        );
    }

    #[test]
    fn what_is_no_conversion_is_copied() {
        assert_eq!(
            date("%Q|%E|%+|%v|%J|%Ed|%OY|%Oa|%", 0),
            "%Q|%E|%+|%v|%J|%Ed|%OY|%Oa|%"
        );
        assert_eq!(date("%7Q|a\0b", 0), "    %7Q|a");
    }

    #[test]
    fn zones() {
        let moment = local(0, |_| Offset::new(-12600, false, b"NST")).unwrap();
        let mut out = Vec::new();
        strftime(&mut out, 1000, b"%F %T %z %Z %s", &moment).unwrap();
        assert_eq!(out, b"1969-12-31 20:30:00 -0330 NST 0");
    }

    #[test]
    fn the_limit_holds() {
        let moment = utc(0).unwrap();
        let strftime = |format: &[u8]| strftime(&mut Vec::new(), 10, format, &moment);
        assert_eq!(strftime(b"%F"), Ok(()));
        assert_eq!(strftime(b"%F "), Err(TooLong));
        assert_eq!(strftime(b"%99999999999999999999999d"), Err(TooLong));
        assert_eq!(strftime(b"%99999999999999999999999A"), Err(TooLong));
    }
}
