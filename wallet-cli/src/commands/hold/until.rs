//! Until when something is held, as it is written: so long from now, or a time.
//!
//! Invariants: what is written the same way reads the same way, whenever it is read. Absent: the
//! bounds; the ledger has them.

use ledger::ids::Timestamp;

/// A deadline as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// So many milliseconds from now.
    In(u64),
    /// At this time.
    At(Timestamp),
}

impl Until {
    /// Reads `30s`, `30m`, `24h`, `7d`, or a time.
    ///
    /// # Errors
    /// What it must look like.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(moment) = api::text::parse_time(text) {
            return Ok(Self::At(moment));
        }
        let units = [('s', 1_000), ('m', 60_000), ('h', 3_600_000), ('d', 86_400_000)];
        let unit = units.iter().find_map(|(letter, length)| {
            let digits = text.strip_suffix(*letter)?;
            let is_count = digits.bytes().all(|byte| byte.is_ascii_digit());
            let count: u64 = digits.parse().ok().filter(|_| is_count)?;
            count.checked_mul(*length)
        });
        unit.map(Self::In).ok_or_else(|| "like 30m, 24h, 7d or 2026-11-21T20:15:00Z".to_owned())
    }

    /// The deadline of a hold that is made `now`.
    pub(crate) const fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::In(milliseconds) => now.plus(milliseconds),
            Self::At(moment) => moment,
        }
    }

    /// The same text for the same deadline, however it was written.
    pub(crate) fn canonical(self) -> String {
        match self {
            Self::In(milliseconds) => format!("for {milliseconds} ms"),
            Self::At(moment) => format!("until {}", api::text::time(moment)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_by_row() {
        for (text, expected) in [
            ("90s", Some("for 90000 ms")),
            ("30m", Some("for 1800000 ms")),
            ("24h", Some("for 86400000 ms")),
            ("1d", Some("for 86400000 ms")),
            ("2026-11-21T20:15:00Z", Some("until 2026-11-21T20:15:00.000Z")),
            ("", None),
            ("h", None),
            ("24", None),
            ("+1h", None),
            ("1.5h", None),
            ("99999999999999999999d", None),
            ("tomorrow", None),
        ] {
            let found = Until::parse(text).ok().map(Until::canonical);
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        assert_eq!(Until::In(5).from(Timestamp(7)), Timestamp(12));
        assert_eq!(Until::At(Timestamp(3)).from(Timestamp(7)), Timestamp(3));
    }
}
