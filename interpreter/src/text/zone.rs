//! The system's time zone, read once. Sandboxes that must be deterministic use a fixed `Offset` instead.

use super::time::Offset;

/// The time zone of the `TZ` variable or of `/etc/localtime`.
#[derive(Clone, Debug)]
pub struct SystemZone(tz::TimeZone);

impl SystemZone {
    /// Reads the zone; it is UTC when there is none that can be read.
    pub fn read() -> SystemZone {
        let zone = match std::env::var("TZ") {
            Ok(variable) => tz::TimeZone::from_posix_tz(&variable),
            Err(_) => tz::TimeZone::local(),
        };
        SystemZone(zone.unwrap_or_else(|_| tz::TimeZone::utc()))
    }

    /// What the zone says about a moment, for `time::local` and `time::timestamp`.
    pub fn offset_at(&self, timestamp: i64) -> Offset {
        match self.0.find_local_time_type(timestamp) {
            Ok(kind) => {
                let name = match kind.time_zone_designation() {
                    "" => "UTC",
                    name => name,
                };
                Offset::new(kind.ut_offset(), kind.is_dst(), name.as_bytes())
            }
            Err(_) => Offset::new(0, false, b"UTC"),
        }
    }
}
