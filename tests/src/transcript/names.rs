//! Which values of this run those on the page stand for.
//!
//! Invariant: one value on the page never stands for two of the run.

/// The digits by which a payment is usually named.
const SHORT: usize = 8;

/// The values on the page, each with the one that it stands for.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    known: Vec<(String, String)>,
}

impl Names {
    /// Notes that `shown` stands for `real`; false if it stands for another.
    pub(super) fn bind(&mut self, shown: &str, real: &str) -> bool {
        if let Some(known) = self.real(shown) {
            return known == real;
        }
        self.known.push((shown.to_owned(), real.to_owned()));
        // The longest first: a short name may be the beginning of a long one.
        self.known.sort_by_key(|(shown, _)| std::cmp::Reverse(shown.len()));
        true
    }

    /// What a value stands for: itself, or the beginning of a longer one.
    pub(super) fn real(&self, shown: &str) -> Option<String> {
        let whole = self.known.iter().find(|(known, _)| known == shown);
        if let Some((_, real)) = whole {
            return Some(real.clone());
        }
        let is_part = |known: &str| shown.len() >= SHORT && known.starts_with(shown);
        let (_, real) = self.known.iter().find(|(known, _)| is_part(known))?;
        real.get(..shown.len()).map(str::to_owned)
    }

    /// A text of the page as it is in this run.
    pub(super) fn translate(&self, text: &str) -> String {
        let mut rest = text;
        let mut real = String::new();
        while let Some(next) = rest.chars().next() {
            let (taken, put) = self.at(rest).unwrap_or((next.len_utf8(), next.to_string()));
            real.push_str(&put);
            rest = rest.get(taken..).unwrap_or_default();
        }
        real
    }

    /// The value that the text begins with: its length, and what it stands for.
    fn at(&self, text: &str) -> Option<(usize, String)> {
        let whole = self.known.iter().find(|(shown, _)| text.starts_with(shown.as_str()));
        if let Some((shown, real)) = whole {
            return Some((shown.len(), real.clone()));
        }
        let short = text.get(..SHORT)?;
        let is_short = |(shown, real): &&(String, String)| {
            shown.len() > SHORT && shown.len() == real.len() && shown.starts_with(short)
        };
        let (_, real) = self.known.iter().find(is_short)?;
        real.get(..SHORT).map(|real| (SHORT, real.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_name_and_its_beginning_stand_for_one_thing() {
        let mut names = Names::default();
        assert!(names.bind("e254c8be-dcc4-4fee", "11111111-2222-3333"));
        assert!(names.bind("28439", "31001"));
        assert!(names.bind("e254c8be", "11111111"), "its beginning");
        assert!(!names.bind("e254c8be-dcc4-4fee", "99999999-2222-3333"), "another");
        let typed = names.translate("get e254c8be http://h:28439/e254c8be-dcc4-4fee");
        assert_eq!(typed, "get 11111111 http://h:31001/11111111-2222-3333");
    }

    #[test]
    fn a_folder_is_no_name_of_a_part_of_itself() {
        let mut names = Names::default();
        assert!(names.bind("/var/lib/feiqian", "/tmp/x/3"));
        assert_eq!(names.translate("/var/lib/restored"), "/var/lib/restored");
        assert_eq!(names.translate("/var/lib/feiqian/node"), "/tmp/x/3/node");
    }
}
