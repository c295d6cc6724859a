//! `os.date` and `os.time` as calculations: seconds since 1970 and broken-down time, both ways.
//! The clock and the time zone come from the caller, so that results can be deterministic.

/// What a time zone says about a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Seconds that local time is ahead of UTC.
    pub seconds: i32,
    /// Daylight saving time.
    pub daylight: bool,
    name: [u8; 8],
}

impl Offset {
    /// What `os.date` uses for a format that starts with `!`.
    pub const UTC: Offset = Offset {
        seconds: 0,
        daylight: false,
        name: *b"GMT\0\0\0\0\0",
    };

    /// `name` is the abbreviation that `%Z` prints; eight bytes of it are kept.
    pub fn new(seconds: i32, daylight: bool, name: &[u8]) -> Offset {
        let mut kept = [0; 8];
        for (to, from) in kept.iter_mut().zip(name) {
            *to = *from;
        }
        Offset {
            seconds,
            daylight,
            name: kept,
        }
    }

    /// The abbreviation.
    pub fn name(&self) -> &[u8] {
        let end = self.name.iter().position(|&byte| byte == 0);
        &self.name[..end.unwrap_or(self.name.len())]
    }
}

/// A moment by the calendar: the fields of `os.date("*t")`, and its place in the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime {
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    /// 1 is Sunday.
    pub weekday: u8,
    /// 1 to 366.
    pub year_day: u16,
    pub offset: Offset,
    /// Seconds since 1970, as given.
    pub timestamp: i64,
}

const DAY: i64 = 86400;

/// The moment `timestamp` seconds after 1970 in UTC, or nothing when C's `int` cannot hold the year.
pub fn utc(timestamp: i64) -> Option<DateTime> {
    at_offset(timestamp, Offset::UTC)
}

/// The moment in the zone that `offset_at` describes.
pub fn local(timestamp: i64, offset_at: impl Fn(i64) -> Offset) -> Option<DateTime> {
    at_offset(timestamp, offset_at(timestamp))
}

fn at_offset(timestamp: i64, offset: Offset) -> Option<DateTime> {
    // In C the years count from 1900.
    const C_YEARS: std::ops::RangeInclusive<i64> = i32::MIN as i64 + 1900..=i32::MAX as i64 + 1900;
    let seconds = timestamp.checked_add(i64::from(offset.seconds))?;
    let days = seconds.div_euclid(DAY);
    let second = seconds.rem_euclid(DAY);
    let (year, month, day) = date_of(days);
    if !C_YEARS.contains(&year) {
        return None;
    }
    Some(DateTime {
        year,
        month,
        day,
        hour: (second / 3600) as u8,
        minute: (second / 60 % 60) as u8,
        second: (second % 60) as u8,
        // 1970 began on a Thursday.
        weekday: ((days + 4).rem_euclid(7) + 1) as u8,
        year_day: (days - days_before(year, 1) + 1) as u16,
        offset,
        timestamp,
    })
}

/// Year, month and day of a day counted from 1970 in the Gregorian calendar, which is used for all times.
///
/// The year is taken to begin in March, so that the leap day is its last and the lengths of the months before
/// it repeat every five months.
fn date_of(days: i64) -> (i64, u8, u8) {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    // From 1 March of the year 0.
    let days = days + 719_468;
    let cycle = days.div_euclid(DAYS_IN_400_YEARS);
    let day = days.rem_euclid(DAYS_IN_400_YEARS);
    let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (cycle * 400 + year + carry, month as u8, day as u8)
}

/// Days from 1970 to the first of a month. The year may be any that C's `int` can hold and some more.
fn days_before(year: i64, month: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (153 * month + 2) / 5 - 719_468
}

/// The table given to `os.time`. Fields may lie outside of their ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    pub year: i32,
    pub month: i32,
    pub day: i32,
    pub hour: i32,
    pub minute: i32,
    pub second: i32,
    /// `isdst`; nothing lets the zone decide.
    pub daylight: Option<bool>,
}

/// The integer that LuaJIT makes of a number in the table given to `os.time`.
pub fn field(n: f64) -> i32 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&n) {
        n as i64 as i32
    } else {
        0
    }
}

/// Seconds from 1970 to a local time, C's `mktime`; nothing when the year is out of range.
///
/// A time that the zone skips is moved forward by the gap; of a time that comes twice the first is meant.
pub fn timestamp(fields: &Fields, offset_at: impl Fn(i64) -> Offset) -> Option<i64> {
    // C's fields count from 1900 and from 0, in arithmetic that wraps.
    let month = i64::from(fields.month.wrapping_sub(1));
    let year = i64::from(fields.year.wrapping_sub(1900)) + 1900;
    let year = year + month.div_euclid(12);
    let days = days_before(year, month.rem_euclid(12) + 1) + i64::from(fields.day) - 1;
    // Seconds beyond the minute are time that passes; the zone does not see them.
    let second = fields.second.clamp(0, 59);
    let surplus = i64::from(fields.second) - i64::from(second);
    let seconds = days * DAY
        + i64::from(fields.hour) * 3600
        + i64::from(fields.minute) * 60
        + i64::from(second);
    let shifted = |offset: Offset| seconds - i64::from(offset.seconds);
    let before = offset_at(seconds - DAY);
    let after = offset_at(seconds + DAY);
    let valid = |offset: Offset| offset_at(shifted(offset)).seconds == offset.seconds;
    let natural = match (valid(before), valid(after)) {
        (false, true) => after,
        _ => before,
    };
    let mut result = shifted(natural);
    let found = offset_at(result);
    if let Some(daylight) = fields.daylight
        && daylight != found.daylight
    {
        result = match nearest(result, daylight, &offset_at) {
            Some(offset) => shifted(offset),
            // A zone without the other kind of time: it would differ by an hour.
            None if daylight => result - 3600,
            None => result + 3600,
        };
    }
    let result = result + surplus;
    at_offset(result, offset_at(result)).map(|_| result)
}

/// The offset of the nearest time of the wanted kind. Stride and bound, about eight years, are those of the
/// GNU library; no summer or winter is shorter than the stride.
fn nearest(timestamp: i64, daylight: bool, offset_at: impl Fn(i64) -> Offset) -> Option<Offset> {
    const STRIDE: i64 = 601_200;
    const BOUND: i64 = 268_828_200;
    (1..=BOUND / STRIDE)
        .flat_map(|step| [timestamp - step * STRIDE, timestamp + step * STRIDE])
        .map(offset_at)
        .find(|offset| offset.daylight == daylight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(timestamp: i64) -> (i64, u8, u8, u8, u8, u8, u8, u16) {
        let d = utc(timestamp).unwrap();
        (
            d.year, d.month, d.day, d.hour, d.minute, d.second, d.weekday, d.year_day,
        )
    }

    #[test]
    fn moments() {
        assert_eq!(date(0), (1970, 1, 1, 0, 0, 0, 5, 1));
        assert_eq!(date(-1), (1969, 12, 31, 23, 59, 59, 4, 365));
        assert_eq!(date(951782400), (2000, 2, 29, 0, 0, 0, 3, 60));
        assert_eq!(date(-62135553600), (1, 1, 1, 12, 0, 0, 2, 1));
        assert_eq!(date(-1125899906842624), (-35676378, 4, 8, 5, 2, 56, 6, 98));
        assert_eq!(utc(1 << 60), None);
        assert_eq!(utc(i64::MAX), None);
        assert_eq!(utc(i64::MIN), None);
    }

    #[test]
    fn days_and_dates_are_inverse() {
        for days in (-800_000..800_000).step_by(7) {
            let (year, month, day) = date_of(days);
            let back = days_before(year, i64::from(month)) + i64::from(day) - 1;
            assert_eq!(back, days);
        }
    }

    fn fields(year: i32, month: i32, day: i32, hour: i32) -> Fields {
        Fields {
            year,
            month,
            day,
            hour,
            minute: 0,
            second: 0,
            daylight: None,
        }
    }

    #[test]
    fn tables() {
        let utc = |_| Offset::UTC;
        let time = |fields| timestamp(&fields, utc);
        assert_eq!(time(fields(1970, 1, 1, 0)), Some(0));
        assert_eq!(time(fields(1, 1, 1, 12)), Some(-62135553600));
        let wild = Fields {
            minute: 100,
            second: 1_000_000,
            ..fields(2000, 13, 40, -5)
        };
        assert_eq!(time(wild), Some(982664800));
        let summer = Fields {
            daylight: Some(true),
            ..fields(2000, 1, 1, 12)
        };
        assert_eq!(time(summer), Some(946724400));
        assert_eq!(time(fields(i32::MIN, 1, 1, 12)), Some(67767976233576000));
        assert_eq!(time(fields(i32::MAX, i32::MAX, i32::MAX, i32::MAX)), None);
    }

    /// Summer time, an hour ahead, from 1,000,000 to 2,000,000.
    fn zone(time: i64) -> Offset {
        match time {
            1_000_000..2_000_000 => Offset::new(7200, true, b"CEST"),
            _ => Offset::new(3600, false, b"CET"),
        }
    }

    #[test]
    fn a_zone_with_summer_time() {
        let time = |second, daylight| {
            let fields = Fields {
                minute: second / 60,
                second: second % 60,
                daylight,
                ..fields(1970, 1, 1, 0)
            };
            timestamp(&fields, zone).unwrap()
        };
        assert_eq!(time(3600, None), 0);
        let passed = Fields {
            second: 1_500_000,
            ..fields(1970, 1, 1, 1)
        };
        assert_eq!(timestamp(&passed, zone), Some(1_500_000));
        assert_eq!(time(1_500_000 + 7200, None), 1_500_000);
        assert_eq!(time(1_500_000 + 7200, Some(true)), 1_500_000);
        assert_eq!(time(1_500_000 + 7200, Some(false)), 1_503_600);
        // In the gap, and in the hour that comes twice.
        assert_eq!(time(1_000_000 + 3600 + 100, None), 1_000_100);
        assert_eq!(time(2_000_000 + 3600 + 100, None), 1_996_500);
        assert_eq!(time(2_000_000 + 3600 + 100, Some(false)), 2_000_100);
        let moment = local(1_000_000, zone).unwrap();
        assert_eq!((moment.hour, moment.offset.name()), (15, &b"CEST"[..]));
    }

    #[test]
    fn numbers_of_fields() {
        assert_eq!(field(1.9), 1);
        assert_eq!(field(-1.9), -1);
        assert_eq!(field(4294967297.0), 1);
        assert_eq!(field(f64::NAN), 0);
        assert_eq!(field(1e300), 0);
    }
}
