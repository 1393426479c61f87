//! Whether what was printed is what the page shows.
//!
//! Invariant: a value is bound to its name only if the whole comparison holds.

use super::{
    names::Names,
    vary::{self, Kind},
};

/// Stands for anything.
const ANYTHING: &str = "...";

/// Whether the lines are those of the page; with `begins` more may follow. Binds what differs.
pub(super) fn lines(shown: &[String], printed: &[&str], begins: bool, names: &mut Names) -> bool {
    let mut trial = names.clone();
    let holds = rest(shown, printed, begins, &mut trial);
    if holds {
        *names = trial;
    }
    holds
}

fn rest(shown: &[String], printed: &[&str], begins: bool, names: &mut Names) -> bool {
    let Some((first, others)) = shown.split_first() else { return begins || printed.is_empty() };
    if first.trim() == ANYTHING {
        return (0..=printed.len()).any(|skipped| {
            let mut trial = names.clone();
            let holds = rest(others, &printed[skipped..], begins, &mut trial);
            if holds {
                *names = trial;
            }
            holds
        });
    }
    let Some((line, more)) = printed.split_first() else { return false };
    one(first.trim_end(), 0, line.trim_end(), names) && rest(others, more, begins, names)
}

/// Whether a printed line is what the page's line shows from the byte `at` on.
fn one(shown: &str, mut at: usize, mut printed: &str, names: &mut Names) -> bool {
    while let Some(expected) = shown.get(at..).and_then(|rest| rest.chars().next()) {
        let left = &shown[at..];
        if left.starts_with(ANYTHING) {
            return anything(shown, at + ANYTHING.len(), printed, names);
        }
        if let Some((kind, length)) = vary::find(shown, at) {
            let Some(taken) = value(kind, &left[..length], printed, names) else { return false };
            (at, printed) = (at + length, &printed[taken..]);
            continue;
        }
        // Columns are as wide as what stands in them.
        if expected == ' ' {
            let spaces = |text: &str| text.len() - text.trim_start_matches(' ').len();
            if spaces(printed) == 0 {
                return false;
            }
            (at, printed) = (at + spaces(left), printed.trim_start_matches(' '));
            continue;
        }
        let Some(tail) = printed.strip_prefix(expected) else { return false };
        (at, printed) = (at + expected.len_utf8(), tail);
    }
    printed.is_empty()
}

fn anything(shown: &str, at: usize, printed: &str, names: &mut Names) -> bool {
    let places = printed.char_indices().map(|(place, _)| place).chain([printed.len()]);
    for place in places {
        let mut trial = names.clone();
        if one(shown, at, &printed[place..], &mut trial) {
            *names = trial;
            return true;
        }
    }
    false
}

/// How much of `printed` is what a value of the page stands for.
fn value(kind: Kind, shown: &str, printed: &str, names: &mut Names) -> Option<usize> {
    let taken = kind.take(shown, printed)?;
    let fits = !kind.is_name() || names.bind(shown, &printed[..taken]);
    fits.then_some(taken)
}

#[cfg(test)]
mod tests {
    use super::{Names, lines};

    fn holds(shown: &str, printed: &str) -> bool {
        let shown: Vec<_> = shown.lines().map(str::to_owned).collect();
        let printed: Vec<_> = printed.lines().collect();
        lines(&shown, &printed, false, &mut Names::default())
    }

    #[test]
    fn words_and_amounts_are_exact_and_measures_are_not() {
        let rows = [
            ("Paid 25.00 CNY   0.12 s", "Paid 25.00 CNY   11.3 s", true),
            ("Paid 25.00 CNY", "Paid 25.10 CNY", false),
            ("4 entries until block 12", "4 entries until block 7", true),
            ("4 entries until block 12", "3 entries until block 12", false),
            ("one\ntwo", "one", false),
            ("one", "one\ntwo", false),
            ("one\n...\nfour", "one\ntwo\nthree\nfour", true),
            ("chain fqd-... is", "chain fqd-0011 is", true),
            ("chain fqd-... is", "chain fqd-0011 was", false),
            ("a    b", "a b", true),
            ("a b", "ab", false),
            ("", "surprise", false),
        ];
        for (shown, printed, expected) in rows {
            assert_eq!(holds(shown, printed), expected, "{shown} / {printed}");
        }
    }

    #[test]
    fn what_is_named_twice_is_one_thing() {
        let shown = "id e254c8be-dcc4-4fee-82a9-1a9ac4dd6d27\npayment e254c8be";
        let id = "01234567-dcc4-4fee-82a9-1a9ac4dd6d27";
        assert!(holds(shown, &format!("id {id}\npayment 01234567")));
        assert!(!holds(shown, &format!("id {id}\npayment 01234568")));
    }
}
