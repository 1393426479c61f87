//! Dates and times of XML Schema (`xs:dateTime`, `xs:date`), checked and kept as text.
//!
//! Invariants: a value of these types may be written into a message as it is; local times keep
//! having no offset. Absent: the clock; moments come in as [`Timestamp`] values.

use jiff::civil;
use ledger::ids::Timestamp;
use std::fmt;

/// A date and time as ISO 20022 writes it: `2026-01-01T10:00:00.000+08:00`, the offset optional.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(String);

impl DateTime {
    /// Reads a date and time; `None` if it is no `xs:dateTime` with a year from 0001 to 9999.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T')?;
        Date::parse(date)?;
        let (clock, offset) = match time.find(['Z', '+', '-']) {
            Some(at) => time.split_at_checked(at)?,
            None => (time, ""),
        };
        (is_clock(clock) && is_offset(offset)).then(|| Self(text.to_owned()))
    }

    /// The moment in UTC with milliseconds; moments after the year 9999 give its end.
    pub fn of(moment: Timestamp) -> Self {
        let milliseconds = i64::try_from(moment.0).unwrap_or(i64::MAX);
        let moment =
            jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(jiff::Timestamp::MAX);
        Self(format!("{moment:.3}"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The day, as [`Date`] writes it.
    pub fn day(&self) -> &str {
        self.0.split('T').next().unwrap_or_default()
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A calendar date without offset: `2026-01-01`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(String);

impl Date {
    /// Reads a date; `None` if the calendar has no such day or the year is not 0001 to 9999.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let year = fixed(parts.next()?, 4)?;
        let month = i8::try_from(fixed(parts.next()?, 2)?).ok()?;
        let day = i8::try_from(fixed(parts.next()?, 2)?).ok()?;
        civil::Date::new(year, month, day).ok()?;
        (year > 0).then(|| Self(text.to_owned()))
    }

    /// The latest day that has begun anywhere at `moment`: where clocks are 14 hours ahead of UTC.
    pub fn latest_at(moment: Timestamp) -> Self {
        let ahead = Timestamp(moment.0.saturating_add(14 * 60 * 60 * 1000));
        Self(DateTime::of(ahead).day().to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A number of exactly `width` digits.
fn fixed(text: &str, width: usize) -> Option<i16> {
    let is_fixed = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_fixed { text.parse().ok() } else { None }
}

fn is_clock(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_fraction =
        (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = clock.split(':');
    let mut within = |most| parts.next().and_then(|part| fixed(part, 2)).is_some_and(|n| n <= most);
    let is_time = within(23) && within(59) && within(59);
    is_time && parts.next().is_none() && is_fraction
}

fn is_offset(text: &str) -> bool {
    let Some(offset) = text.strip_prefix(['+', '-']) else {
        return text.is_empty() || text == "Z";
    };
    let Some((hours, minutes)) = offset.split_once(':') else { return false };
    match (fixed(hours, 2), fixed(minutes, 2)) {
        (Some(14), Some(0)) => true,
        (Some(hours), Some(minutes)) => hours < 14 && minutes < 60,
        (None, _) | (_, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times() {
        for good in [
            "2026-01-01T10:00:00+00:00",
            "2023-07-13T15:29:36",
            "2023-06-04T10:55:26-04:00",
            "2024-02-29T23:59:59.999Z",
            "0001-01-01T00:00:00",
            "2026-01-01T10:00:00+14:00",
        ] {
            assert_eq!(DateTime::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "2026-01-01",
            "2026-01-01T10:00",
            "2026-01-01 10:00:00",
            "2026-01-01t10:00:00",
            "2026-01-01T24:00:00",
            "2026-01-01T10:00:60",
            "2026-01-01T10:00:00.",
            "2026-01-01T10:00:00,5",
            "2026-01-01T10:00:00z",
            "2026-01-01T10:00:00+0800",
            "2026-01-01T10:00:00+14:01",
            "2026-01-01T10:00:00[Asia/Shanghai]",
            "2026-02-29T10:00:00",
            "0000-01-01T10:00:00",
            "+2026-01-01T10:00:00",
            "2026-1-1T10:00:00",
        ] {
            assert_eq!(DateTime::parse(bad), None, "{bad}");
        }
        assert_eq!(Date::parse("2026-01-31").unwrap().to_string(), "2026-01-31");
        for bad in ["", "2026-01-32", "2026-01-01Z", "20260101", "2026-01-01-01"] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_begin_where_they_begin_first() {
        let ten = 1_767_261_600_000;
        assert_eq!(Date::latest_at(Timestamp(ten - 1)).as_str(), "2026-01-01");
        assert_eq!(Date::latest_at(Timestamp(ten)).as_str(), "2026-01-02");
        assert!(Date::parse("2026-01-02") > Date::parse("2026-01-01"));
    }

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(DateTime::of(Timestamp(0)).as_str(), "1970-01-01T00:00:00.000Z");
        let moment = DateTime::of(Timestamp(1_767_261_600_123));
        assert_eq!(moment.as_str(), "2026-01-01T10:00:00.123Z");
        assert_eq!(DateTime::parse(moment.as_str()), Some(moment));
        assert!(DateTime::parse(DateTime::of(Timestamp(u64::MAX)).as_str()).is_some());
    }
}
