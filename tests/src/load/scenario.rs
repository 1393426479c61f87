//! The scenarios of the cluster bench: their names, their order, and what load each is.
//!
//! Invariant: a scenario runs after those whose figures it needs, and what wears the network out or
//! changes it runs last.

use std::{collections::BTreeSet, time::Duration};

use clap::ValueEnum;

use super::drive::{Load, Pace};

/// Payments a second at light load.
pub(super) const LIGHT: u64 = 10;

/// Transactions of so many payments under way at once.
const BATCHES_AT_ONCE: usize = 8;

/// More payments than any machine settles in a second in batches; as many are signed beforehand.
const MOST_IN_BATCHES: u64 = 200_000;

/// A scenario, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Name {
    /// 1 payment a second
    #[value(name = "rate-1")]
    Rate1,
    /// 10 payments a second
    Light,
    /// 1,000 payments a second
    #[value(name = "rate-1000")]
    Rate1000,
    /// 5,000 payments a second
    #[value(name = "rate-5000")]
    Rate5000,
    /// 10,000 payments a second
    #[value(name = "rate-10000")]
    Rate10000,
    /// As many single payments as the network takes
    Saturation,
    /// Half as many
    Half,
    /// 100 payments under one signature
    #[value(name = "batches-100")]
    Batches100,
    /// 1,000 payments under one signature
    #[value(name = "batches-1000")]
    Batches1000,
    /// 8,000 payments under one signature
    #[value(name = "batches-8000")]
    Batches8000,
    /// Three times saturation, then light load until it is quick again
    Overload,
    /// One node has half of the time
    OneSlow,
    /// One node is killed
    OneDown,
    /// 10 ms from node to node
    #[value(name = "wan-10")]
    Wan10,
    /// 50 ms from node to node
    #[value(name = "wan-50")]
    Wan50,
    /// 100 ms from node to node
    #[value(name = "wan-100")]
    Wan100,
}

impl Name {
    /// What runs unless told.
    pub const USUAL: [Self; 4] = [Self::Light, Self::Saturation, Self::Half, Self::Batches1000];

    /// Its name as it is typed.
    pub(super) fn text(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The scenarios whose figures it needs.
    const fn needs(self) -> &'static [Self] {
        match self {
            Self::Half => &[Self::Saturation],
            Self::Overload => &[Self::Light, Self::Saturation],
            Self::Rate1
            | Self::Light
            | Self::Rate1000
            | Self::Rate5000
            | Self::Rate10000
            | Self::Saturation
            | Self::Batches100
            | Self::Batches1000
            | Self::Batches8000
            | Self::OneSlow
            | Self::OneDown
            | Self::Wan10
            | Self::Wan50
            | Self::Wan100 => &[],
        }
    }
}

/// These scenarios, or the usual ones if there are none, with those that they need, in order.
pub(super) fn plan(asked: &[Name]) -> BTreeSet<Name> {
    let asked = if asked.is_empty() { &Name::USUAL } else { asked };
    asked.iter().flat_map(|name| name.needs().iter().chain([name])).copied().collect()
}

/// One load, with the name under which it is reported.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) load: Load,
    /// Payments in each transaction.
    pub(super) payments: usize,
    /// How many are signed beforehand.
    pub(super) transactions: u64,
}

impl Scenario {
    /// So many payments a second, whether or not earlier ones are answered.
    pub(super) fn open(name: &str, rate: u64, connections: usize, seconds: u64) -> Self {
        let pace = Pace::Open(Duration::from_nanos(1_000_000_000 / rate.max(1)));
        Self {
            name: name.to_owned(),
            load: Load::new(connections, pace, Duration::from_secs(seconds)),
            payments: 1,
            transactions: rate.max(1) * seconds,
        }
    }

    /// A payment for each second, or ten.
    pub(super) fn light(name: &str, seconds: u64) -> Self {
        Self::open(name, LIGHT, 8, seconds)
    }

    /// So many requests under way at once. At most `most` payments a second are sent.
    pub(super) fn saturation(name: &str, connections: usize, most: u64, seconds: u64) -> Self {
        Self {
            name: name.to_owned(),
            load: Load::new(connections, Pace::Closed, Duration::from_secs(seconds)),
            payments: 1,
            transactions: most.max(1) * seconds,
        }
    }

    /// So many payments under each signature.
    pub(super) fn batches(name: &str, payments: u64, seconds: u64) -> Self {
        let most = MOST_IN_BATCHES.div_ceil(payments.max(1));
        let payments = usize::try_from(payments).unwrap_or(usize::MAX);
        Self { payments, ..Self::saturation(name, BATCHES_AT_ONCE, most, seconds) }
    }

    /// The same, and what a node is too busy for is not sent again.
    pub(super) const fn giving_up(mut self) -> Self {
        self.load.gives_up = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{Name, Scenario, plan};

    #[test]
    fn what_is_needed_runs_before() {
        let names = |asked: &[Name]| plan(asked).into_iter().map(Name::text).collect::<Vec<_>>();
        assert_eq!(names(&[]), ["light", "saturation", "half", "batches-1000"]);
        assert_eq!(names(&[Name::Overload]), ["light", "saturation", "overload"]);
        assert_eq!(
            names(&[Name::Wan50, Name::Half, Name::Rate1]),
            ["rate-1", "saturation", "half", "wan-50"]
        );
    }

    #[test]
    fn enough_is_signed_beforehand() {
        assert_eq!(Scenario::light("light", 3).transactions, 30);
        let batches = Scenario::batches("batches-8000", 8000, 2);
        assert_eq!((batches.payments, batches.transactions), (8000, 50));
    }
}
