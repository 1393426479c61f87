//! Pages of what waits for its deadline: payments, recalls.
//!
//! Invariants: the earliest deadline first; one request looks at a bounded number of all that
//! waits, wherever its page begins; a cursor goes on after its place, whatever has ended since.
//! Absent: what is shown of each.

use api::problem::Problem;
use ledger::ids::{Timestamp, Uetr};

use super::refusal::Refused;

/// The usual and the most items of a page.
const USUAL: u16 = 100;
const MOST: u16 = 500;

/// The most places that one request looks at.
const LOOKED_AT: usize = 10_000;

/// A deadline, and the payment that it is of.
pub(super) type Place = (Timestamp, Uetr);

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The place after which it begins.
    pub(super) after: Option<Place>,
    limit: usize,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next_cursor: Option<String>,
}

impl Wanted {
    /// Reads a query's cursor and limit.
    pub(super) fn new(cursor: Option<&str>, limit: Option<u16>) -> Result<Self, Refused> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::malformed(format!("limit is 1 to {MOST}.")).into());
        }
        let after = cursor.map(parse).transpose()?;
        Ok(Self { after, limit: usize::from(limit) })
    }

    /// The page of those `places`, which come after its beginning, of which something is to be
    /// shown.
    pub(super) fn page<T>(
        &self,
        places: impl Iterator<Item = Place>,
        mut show: impl FnMut(Uetr) -> Option<T>,
    ) -> Page<T> {
        let mut places = places.peekable();
        let mut items = Vec::new();
        let mut last = None;
        for _ in 0..LOOKED_AT {
            let Some(place) = places.next() else { break };
            last = Some(place);
            items.extend(show(place.1));
            if items.len() >= self.limit {
                break;
            }
        }
        let next_cursor = last.filter(|_| places.peek().is_some());
        let next_cursor =
            next_cursor.map(|(deadline, payment)| format!("{}-{payment}", deadline.0));
        Page { items, next_cursor }
    }
}

/// Reads a cursor: the deadline in milliseconds, and the payment.
fn parse(text: &str) -> Result<Place, Refused> {
    let read = text.split_once('-').and_then(|(deadline, payment)| {
        Some((Timestamp(deadline.parse().ok()?), Uetr::parse(payment).ok()?))
    });
    read.ok_or_else(|| Problem::malformed("The cursor is not one that this node gave.").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u64) -> Place {
        let mut entropy = [0; 16];
        // Where a UETR has no marks of its own.
        entropy[12..].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
        (Timestamp(number), Uetr::from_entropy(entropy))
    }

    /// The numbers of all pages, one after the other, and how many pages there were.
    fn walk(all: u64, limit: u16, is_shown: fn(u64) -> bool) -> (Vec<u64>, usize) {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        for pages in 1.. {
            let wanted = Wanted::new(cursor.as_deref(), Some(limit)).unwrap();
            let first = wanted.after.map_or(0, |(deadline, _)| deadline.0 + 1);
            let numbers: std::collections::BTreeMap<Uetr, u64> =
                (first..all).map(|number| (place(number).1, number)).collect();
            let mut looked = 0;
            let page = wanted.page((first..all).map(place), |payment| {
                looked += 1;
                Some(numbers[&payment]).filter(|number| is_shown(*number))
            });
            assert!(looked <= LOOKED_AT && page.items.len() <= usize::from(limit));
            found.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return (found, pages);
            }
        }
        unreachable!()
    }

    #[test]
    fn pages_hold_everything_once_and_look_at_a_bounded_number() {
        assert_eq!(walk(0, 2, |_| true), (vec![], 1));
        assert_eq!(walk(5, 2, |_| true), ((0..5).collect(), 3));
        assert_eq!(walk(4, 2, |_| true), ((0..4).collect(), 2));
        // Few of many: pages end with nothing on them, and the walk goes on.
        assert_eq!(walk(25_000, 2, |number| number == 24_999), (vec![24_999], 3));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for (cursor, limit) in
            [(None, Some(0)), (None, Some(501)), (Some("1"), None), (Some("x-y"), None)]
        {
            assert!(Wanted::new(cursor, limit).is_err(), "{cursor:?} {limit:?}");
        }
        assert!(Wanted::new(None, Some(500)).is_ok());
    }
}
