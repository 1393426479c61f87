//! What differs from run to run, recognized by how it looks on the page.
//!
//! Whatever is not recognized here must be printed as it is shown: every word, every amount, every
//! count of things. What is recognized must be printed with something of its kind.

/// A kind of value that differs from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A payment's UETR.
    Uuid,
    /// `2026-11-26T00:43:08.059Z`
    Time,
    /// `fqd1...`, `fqt1...`
    Address,
    /// A hash, a key, or the beginning of one: as many hexadecimal digits.
    Hex,
    /// A port of this machine.
    Port,
    /// A count or a measure, among words that say that it is one: a height, a size, a duration.
    Number,
}

impl Kind {
    /// Whether two equal ones on the page must be equal in the run.
    pub(super) const fn is_name(self) -> bool {
        matches!(self, Self::Uuid | Self::Address | Self::Hex | Self::Port)
    }

    /// How much of `printed` is of this kind, where `shown` is on the page.
    pub(super) fn take(self, shown: &str, printed: &str) -> Option<usize> {
        let length = match self {
            Self::Uuid => uuid(printed)?,
            Self::Time => time(printed)?,
            Self::Address => address(printed)?,
            Self::Hex => Some(run(printed, is_hex)).filter(|length| *length == shown.len())?,
            Self::Port => Some(run(printed, |byte| byte.is_ascii_digit())).filter(|it| *it > 0)?,
            Self::Number => number(printed)?,
        };
        Some(length)
    }
}

/// What stands before a number that differs.
const BEFORE: [&str; 17] = [
    "block ",
    "blocks ",
    "until block ",
    "at block ",
    "blocks to ",
    "pid ",
    "(process ",
    "\"block\":",
    "\"block\": ",
    "\"attempts\": ",
    "\"height\":",
    "\"pid\": ",
    "byte ",
    "made of ",
    "height=",
    "height ",
    "record ",
];

/// What stands behind a number that differs.
const AFTER: [&str; 16] = [
    " s",
    " ms",
    " us",
    " GB",
    " GB free",
    " bytes",
    " files",
    " records",
    " batches",
    " transactions",
    " certificates",
    " signed",
    " of 4 validators signed",
    " of 3 validators signed",
    " milliseconds",
    " files and connections",
];

/// What differs at the byte `at` of a line of the page: its kind and length.
pub(super) fn find(line: &str, at: usize) -> Option<(Kind, usize)> {
    let (before, rest) = line.split_at_checked(at)?;
    if before.bytes().last().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    if let Some(length) = uuid(rest) {
        return Some((Kind::Uuid, length));
    }
    if let Some(length) = time(rest) {
        return Some((Kind::Time, length));
    }
    if let Some(length) = address(rest) {
        return Some((Kind::Address, length));
    }
    let digits = run(rest, is_hex);
    let ends = rest.as_bytes().get(digits).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    if ends && looks_like_hex(rest.get(..digits)?) {
        return Some((Kind::Hex, digits));
    }
    let length = number(rest)?;
    let behind = rest.get(length..)?;
    if before.ends_with("127.0.0.1:") || before.ends_with("0.0.0.0:") {
        return Some((Kind::Port, length));
    }
    differs(before, behind).then_some((Kind::Number, length))
}

fn differs(before: &str, behind: &str) -> bool {
    let is_word_end = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric());
    BEFORE.iter().any(|word| before.ends_with(word))
        || AFTER.iter().any(|word| behind.strip_prefix(word).is_some_and(is_word_end))
        || is_height_in_a_table(before)
        || is_range(before)
}

/// A height: the second column of a statement, behind a node's address, or in an event's id.
fn is_height_in_a_table(before: &str) -> bool {
    let column = before.trim_end_matches(' ');
    let behind_address = column.len() < before.len()
        && column.rsplit_once("127.0.0.1:").is_some_and(|(_, port)| is_number(port));
    let behind_hash = before.strip_suffix('_').is_some_and(|rest| {
        rest.rsplit_once("msg_").is_some_and(|(_, chain)| looks_like_hex(chain))
    });
    behind_address || behind_hash || before.ends_with("Z,") || before == "id: "
}

/// The second height of `blocks 1 to 202`.
fn is_range(before: &str) -> bool {
    let Some(rest) = before.strip_suffix(" to ") else { return false };
    let Some((words, first)) = rest.rsplit_once(' ') else { return false };
    is_number(first) && words.ends_with("blocks") || rest.ends_with("blocks")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits of which some are letters, or so many that no count has them.
fn looks_like_hex(text: &str) -> bool {
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_mixed = letters > 0 && letters < text.len();
    text.bytes().all(is_hex) && (text.len() >= 16 || (text.len() >= 8 && is_mixed))
}

const fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// How many of the first bytes are so.
fn run(text: &str, is: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| is(*byte)).count()
}

/// A whole number, or one with decimals.
fn number(text: &str) -> Option<usize> {
    let whole = run(text, |byte| byte.is_ascii_digit());
    let decimals = text.get(whole..)?.strip_prefix('.');
    let decimals = decimals.map_or(0, |rest| run(rest, |byte| byte.is_ascii_digit()));
    let length = if decimals > 0 { whole + 1 + decimals } else { whole };
    (whole > 0).then_some(length)
}

/// Whether a text begins with a form in which `x` is a hexadecimal and `9` a decimal digit.
fn has_form(text: &str, form: &str) -> bool {
    text.len() >= form.len()
        && text.bytes().zip(form.bytes()).all(|(byte, form)| match form {
            b'x' => is_hex(byte),
            b'9' => byte.is_ascii_digit(),
            exact => byte == exact,
        })
}

fn uuid(text: &str) -> Option<usize> {
    const FORM: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    has_form(text, FORM).then_some(FORM.len())
}

fn time(text: &str) -> Option<usize> {
    const FORM: &str = "9999-99-99T99:99:99";
    let fraction = has_form(text, FORM).then(|| text.get(FORM.len()..))??;
    let length = match fraction.strip_prefix('.') {
        Some(rest) => 1 + run(rest, |byte| byte.is_ascii_digit()),
        None => 0,
    };
    fraction.get(length..)?.starts_with('Z').then_some(FORM.len() + length + 1)
}

fn address(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("fq")?;
    let start = ["d1", "t1", "1"].iter().find(|start| rest.starts_with(**start))?.len() + 2;
    let length = run(text.get(start..)?, |byte| byte.is_ascii_alphanumeric());
    (length >= 20).then_some(start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kinds of what differs in a line.
    fn kinds(line: &str) -> Vec<(Kind, &str)> {
        let (mut found, mut at) = (Vec::new(), 0);
        while at < line.len() {
            match find(line, at) {
                Some((kind, length)) => {
                    found.push((kind, &line[at..at + length]));
                    at += length;
                }
                None => at += line[at..].chars().next().unwrap().len_utf8(),
            }
        }
        found
    }

    #[test]
    fn what_differs_is_recognized_and_nothing_else() {
        let uuid = "e254c8be-dcc4-4fee-82a9-1a9ac4dd6d27";
        let paid = format!("Paid 25.00 CNY to lee (fee 0.00 CNY).   id {uuid}");
        assert_eq!(kinds(&paid), [(Kind::Uuid, uuid)]);
        let rows = [
            ("  saved ok   sent ok   final ok   0.12 s", vec![(Kind::Number, "0.12")]),
            (
                "Valid: payment e254c8be settled in block 11; 3 of 4 validators signed (3 needed)",
                vec![(Kind::Hex, "e254c8be"), (Kind::Number, "11"), (Kind::Number, "3")],
            ),
            ("4 entries until block 12, proven", vec![(Kind::Number, "12")]),
            (
                "2026-11-26T00:42:37.408Z,11,payment,-25.00,CNY,999975.00",
                vec![(Kind::Time, "2026-11-26T00:42:37.408Z"), (Kind::Number, "11")],
            ),
            (
                " PSBCCNBJ  http://127.0.0.1:28439     80      3  synced",
                vec![(Kind::Port, "28439"), (Kind::Number, "80")],
            ),
            ("blocks 1 to 202, executed", vec![(Kind::Number, "1"), (Kind::Number, "202")]),
            ("msg_5598556dcdfe_58_0", vec![(Kind::Hex, "5598556dcdfe"), (Kind::Number, "58")]),
            ("4 validators, 3 decide; 1000.00 CNY", vec![]),
            ("error[amount-without-asset]: \"25\" has no asset. (exit 2)", vec![]),
            ("account deed of faceless", vec![]),
        ];
        for (line, expected) in rows {
            assert_eq!(kinds(line), expected, "{line}");
        }
    }

    #[test]
    fn something_of_the_kind_must_be_there() {
        assert_eq!(Kind::Hex.take("e254c8be", "12345678 settled"), Some(8));
        assert_eq!(Kind::Hex.take("e254c8be", "1234567 settled"), None);
        assert_eq!(Kind::Number.take("0.12", "3 s"), Some(1));
        assert_eq!(Kind::Time.take("", "2026-11-26T00:42:37Z"), Some(20));
        assert_eq!(Kind::Port.take("28439", "31/v1"), Some(2));
        assert_eq!(Kind::Address.take("", "fqd1short"), None);
    }
}
