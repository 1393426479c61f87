//! How many requests each client address may send: so many a second, with a burst.
//!
//! One moment is kept per address: when its requests so far would be paid off at the steady rate
//! (the generic cell rate algorithm). Invariants: memory is bounded; when the table is full,
//! addresses that are new share one place. Absent: which address a client has (see `proxies`).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most addresses that are kept apart.
const MOST: usize = 65_536;

/// The rates of all addresses.
#[derive(Debug)]
pub(super) struct Rates {
    /// The time that one request takes up; zero: no limit.
    interval: Duration,
    /// How far ahead of the clock an address may be: its burst.
    ahead: Duration,
    paid_off: Mutex<BTreeMap<IpAddr, Instant>>,
    most: usize,
}

impl Rates {
    /// So many requests a second (0: no limit), and `burst` at once.
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        let interval = Duration::from_secs(1).checked_div(per_second).unwrap_or_default();
        let ahead = interval.saturating_mul(burst.max(1));
        Self { interval, ahead, paid_off: Mutex::default(), most: MOST }
    }

    /// Takes a request in; or says after how long one would be.
    pub(super) fn take(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        if self.interval.is_zero() {
            return Ok(());
        }
        let mut table = self.paid_off.lock().unwrap_or_else(PoisonError::into_inner);
        let mut place = network(client);
        if table.len() >= self.most && !table.contains_key(&place) {
            table.retain(|_, moment| *moment > now);
            if table.len() >= self.most {
                place = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        let before = table.get(&place).copied().unwrap_or(now).max(now);
        let after = before + self.interval;
        let over = after.duration_since(now).saturating_sub(self.ahead);
        if !over.is_zero() {
            return Err(over);
        }
        table.insert(place, after);
        Ok(())
    }
}

/// A client of IPv6 has a whole network of addresses.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let rates = Rates::new(10, 3);
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(rates.take(ip("10.0.0.1"), start), Ok(()));
        }
        assert_eq!(rates.take(ip("10.0.0.1"), start), Err(Duration::from_millis(100)));
        // Another address is another client; refusals cost nothing.
        assert_eq!(rates.take(ip("10.0.0.2"), start), Ok(()));
        let later = start + Duration::from_millis(100);
        assert_eq!(rates.take(ip("10.0.0.1"), later), Ok(()));
        assert!(rates.take(ip("::ffff:10.0.0.1"), later).is_err());
        let rested = start + Duration::from_secs(9);
        for _ in 0..3 {
            assert_eq!(rates.take(ip("10.0.0.1"), rested), Ok(()));
        }
        assert!(rates.take(ip("10.0.0.1"), rested).is_err());
    }

    #[test]
    fn no_limit_is_none() {
        let rates = Rates::new(0, 1);
        assert!((0..1000).all(|_| rates.take(ip("10.0.0.1"), Instant::now()).is_ok()));
    }

    #[test]
    fn a_full_table_keeps_its_size() {
        let rates = Rates { most: 2, ..Rates::new(1, 1) };
        let start = Instant::now();
        assert!(rates.take(ip("2001:db8::1"), start).is_ok());
        // The same network.
        assert!(rates.take(ip("2001:db8::2"), start).is_err());
        assert!(rates.take(ip("10.0.0.2"), start).is_ok());
        // New addresses share a place while the table is full of busy ones, and have their own
        // again afterwards.
        assert!(rates.take(ip("10.0.0.3"), start).is_ok());
        assert!(rates.take(ip("10.0.0.4"), start).is_err());
        let later = start + Duration::from_secs(2);
        assert!(rates.take(ip("10.0.0.5"), later).is_ok());
        assert!(rates.take(ip("10.0.0.6"), later).is_ok());
        assert!(rates.paid_off.lock().unwrap().len() <= 3);
    }
}
