//! Time of the switch: microseconds since 1970 as FreeSWITCH prints them, and the texts made of it.

use chrono::{DateTime, Utc};

/// Microseconds since 1970-01-01 UTC.
pub type Micros = u64;

/// One second in [`Micros`].
pub const SECOND: Micros = 1_000_000;
/// One millisecond in [`Micros`].
pub const MS: Micros = 1_000;

/// Where the time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockMode {
    /// The clock of the machine.
    Real,
    /// Stands still at `start` (µs since 1970) until [`crate::Handle::advance`] moves it.
    Virtual {
        /// First instant.
        start: Micros,
    },
}

/// The machine's clock in µs since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the real clock enters the simulator"
)]
pub(crate) fn real_now() -> Micros {
    u64::try_from(Utc::now().timestamp_micros()).unwrap_or_default()
}

fn utc(at: Micros) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at as i64).unwrap_or_default()
}

/// `2026-11-22 16:48:11`, as in `Event-Date-Local` and the `*_stamp` variables.
pub(crate) fn stamp(at: Micros) -> String {
    utc(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// `Sun, 22 Nov 2026 16:48:11 GMT`.
pub(crate) fn gmt(at: Micros) -> String {
    utc(at).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `strftime` of the api and of `${strftime(...)}`; an unknown specifier gives an empty text.
pub(crate) fn strftime(at: Micros, format: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    if write!(out, "{}", utc(at).format(format)).is_err() {
        out.clear();
    }
    out
}

/// `0 years, 0 days, 0 hours, 17 minutes, 46 seconds, 175 milliseconds, 167 microseconds`.
pub(crate) fn up_time(elapsed: Micros) -> String {
    let (seconds, micros) = (elapsed / SECOND, elapsed % SECOND);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let part = |n: u64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    [
        part(days / 365, "year"),
        part(days % 365, "day"),
        part(rest / 3600, "hour"),
        part(rest % 3600 / 60, "minute"),
        part(rest % 60, "second"),
        part(micros / 1000, "millisecond"),
        part(micros % 1000, "microsecond"),
    ]
    .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_switch_writes_them() {
        let at = 1_795_366_091_431_298;
        assert_eq!(stamp(at), "2026-11-22 16:48:11");
        assert_eq!(gmt(at), "Sun, 22 Nov 2026 16:48:11 GMT");
        assert_eq!(strftime(at, "%Y%m%d-%H%M%S"), "20261122-164811");
        assert_eq!(
            up_time(79_743_874),
            "0 years, 0 days, 0 hours, 1 minute, 19 seconds, 743 milliseconds, 874 microseconds"
        );
    }
}
