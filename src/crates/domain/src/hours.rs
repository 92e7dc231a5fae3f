//! Opening hours: weekly spans, holidays, and single days that differ.
//!
//! All times are wall-clock times of the organisation; the caller turns an instant into local time.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Timelike, Weekday};
use serde::{Deserialize, Serialize};

/// Opening hours of a rule. Serialised as
/// `{"weekly":[{"days":["mon"],"from":"09:00","to":"18:00"}],"holidays":[{"on":"2026-10-01","name":"…"}],"extra":[{"on":"2026-10-10","from":"09:00","to":"12:00"}]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Spans of the ordinary week. None = closed on ordinary days.
    #[serde(default)]
    pub weekly: Vec<WeeklySpan>,
    /// Days closed whatever the week says.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Days with their own spans, which replace the week and any holiday.
    #[serde(default)]
    pub extra: Vec<ExtraSpan>,
}

/// A span on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeeklySpan {
    /// `mon` … `sun`.
    pub days: Vec<DayName>,
    /// First open minute.
    pub from: Minute,
    /// First closed minute; not after `from` = into the next day.
    pub to: Minute,
}

/// A closed day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// The day.
    pub on: NaiveDate,
    /// Shown in the dry run.
    #[serde(default)]
    pub name: String,
}

/// A span on one date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraSpan {
    /// The date.
    pub on: NaiveDate,
    /// First open minute.
    pub from: Minute,
    /// First closed minute; not after `from` = into the next day.
    pub to: Minute,
}

/// A day of the week as it is written in configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DayName {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl DayName {
    fn of(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

/// A minute of the day, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Minute(u16);

impl Minute {
    /// The minute `hour:minute`, if there is one.
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        let whole = hour.checked_mul(60)?.checked_add(minute)?;
        (minute < 60 && whole <= 24 * 60).then_some(Self(whole))
    }
}

/// A time that is not `HH:MM`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time of day such as 09:30")]
pub struct MinuteError(String);

impl TryFrom<String> for Minute {
    type Error = MinuteError;

    fn try_from(text: String) -> Result<Self, MinuteError> {
        let parsed = text.split_once(':').and_then(|(hour, minute)| {
            let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            (digits(hour) && digits(minute)).then(|| Self::new(hour.parse().ok()?, minute.parse().ok()?))?
        });
        parsed.ok_or(MinuteError(text))
    }
}

impl From<Minute> for String {
    fn from(minute: Minute) -> Self {
        minute.to_string()
    }
}

impl std::fmt::Display for Minute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// What the hours say about a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Open.
    Open,
    /// Closed because of this holiday (its name, or its date when it has none).
    Holiday(String),
    /// Closed because no span covers the moment.
    OutsideHours,
}

impl Hours {
    /// Whether these hours are open at the local time `at`.
    pub fn verdict(&self, at: NaiveDateTime) -> Verdict {
        let minute = at.hour() as u16 * 60 + at.minute() as u16;
        let today = at.date();
        // A span that runs past midnight belongs to the day on which it began.
        let yesterday = today.checked_sub_days(Days::new(1));
        let from_yesterday = yesterday.is_some_and(|day| {
            self.spans_of(day)
                .iter()
                .any(|(from, to)| to <= from && minute < to.0)
        });
        let from_today = self
            .spans_of(today)
            .iter()
            .any(|(from, to)| from.0 <= minute && (to <= from || minute < to.0));
        if from_today || from_yesterday {
            return Verdict::Open;
        }
        match self.holiday_on(today) {
            Some(holiday) if holiday.name.is_empty() => Verdict::Holiday(today.to_string()),
            Some(holiday) => Verdict::Holiday(holiday.name.clone()),
            None => Verdict::OutsideHours,
        }
    }

    fn holiday_on(&self, day: NaiveDate) -> Option<&Holiday> {
        self.holidays.iter().find(|holiday| holiday.on == day)
    }

    fn spans_of(&self, day: NaiveDate) -> Vec<(Minute, Minute)> {
        let extra: Vec<_> = self
            .extra
            .iter()
            .filter(|span| span.on == day)
            .map(|span| (span.from, span.to))
            .collect();
        if !extra.is_empty() {
            return extra;
        }
        if self.holiday_on(day).is_some() {
            return Vec::new();
        }
        let name = DayName::of(day.weekday());
        self.weekly
            .iter()
            .filter(|span| span.days.contains(&name))
            .map(|span| (span.from, span.to))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours() -> Hours {
        serde_json::from_str(
            r#"{"weekly":[{"days":["mon","tue","wed","thu","fri"],"from":"09:00","to":"12:00"},
                          {"days":["mon"],"from":"13:00","to":"18:00"},
                          {"days":["fri"],"from":"22:00","to":"02:00"}],
                "holidays":[{"on":"2026-10-01","name":"National Day"},{"on":"2026-10-02"}],
                "extra":[{"on":"2026-10-10","from":"10:00","to":"11:00"}]}"#,
        )
        .unwrap()
    }

    fn at(text: &str) -> Verdict {
        hours().verdict(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap())
    }

    #[test]
    fn spans_are_open_from_their_first_to_before_their_last_minute() {
        assert_eq!(at("2026-11-23 08:59:59"), Verdict::OutsideHours);
        assert_eq!(at("2026-11-23 09:00:00"), Verdict::Open);
        assert_eq!(at("2026-11-23 11:59:59"), Verdict::Open);
        assert_eq!(at("2026-11-23 12:00:00"), Verdict::OutsideHours);
        assert_eq!(at("2026-11-23 17:59:00"), Verdict::Open);
        assert_eq!(at("2026-11-24 17:59:00"), Verdict::OutsideHours);
        assert_eq!(at("2026-11-22 10:00:00"), Verdict::OutsideHours);
    }

    #[test]
    fn a_span_past_midnight_belongs_to_the_day_it_began() {
        assert_eq!(at("2026-11-27 23:00:00"), Verdict::Open);
        assert_eq!(at("2026-11-28 01:59:00"), Verdict::Open);
        assert_eq!(at("2026-11-28 02:00:00"), Verdict::OutsideHours);
        // Friday 2 October is a holiday: its night does not open.
        assert_eq!(at("2026-10-03 01:00:00"), Verdict::OutsideHours);
    }

    #[test]
    fn holidays_close_and_extra_days_open() {
        assert_eq!(at("2026-10-01 10:00:00"), Verdict::Holiday("National Day".into()));
        assert_eq!(at("2026-10-02 10:00:00"), Verdict::Holiday("2026-10-02".into()));
        assert_eq!(at("2026-10-10 10:30:00"), Verdict::Open);
        assert_eq!(at("2026-10-10 11:00:00"), Verdict::OutsideHours);
    }

    #[test]
    fn times_are_written_and_read_as_hh_mm() {
        assert_eq!(
            serde_json::to_string(&Minute::new(9, 5).unwrap()).unwrap(),
            r#""09:05""#
        );
        for bad in ["9:00", "24:01", "09:60", "", "ab:cd", "09:00:00", "+9:00"] {
            assert!(Minute::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(Minute::try_from("24:00".to_owned()).is_ok());
        assert!(serde_json::from_str::<Hours>(r#"{"weekly":[],"holydays":[]}"#).is_err());
    }
}
