//! International bank account numbers (ISO 13616): format and checksum.
//!
//! Absent: the national formats within an IBAN; the servicer knows its own.

/// True for an IBAN in its electronic form: 2 letters, 2 check digits, 11 to 30 letters or digits,
/// whose remainder modulo 97 is 1 (ISO 7064).
pub fn is_iban(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some((head, rest)), true) = (bytes.split_first_chunk::<4>(), text.is_ascii()) else {
        return false;
    };
    let [first, second, check @ ..] = head;
    let is_shaped = first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && check.iter().all(u8::is_ascii_digit)
        && (11..=30).contains(&rest.len())
        && rest.iter().all(u8::is_ascii_alphanumeric);
    is_shaped && remainder(rest.iter().chain(head)) == Some(1)
}

/// The remainder modulo 97 of the number in which A is 10 and Z is 35.
fn remainder<'text>(characters: impl Iterator<Item = &'text u8>) -> Option<u32> {
    characters.copied().try_fold(0_u32, |remainder, character| {
        let value = char::from(character).to_digit(36)?;
        let shift = if value < 10 { 10 } else { 100 };
        remainder.checked_mul(shift)?.checked_add(value)?.checked_rem(97)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibans() {
        for good in [
            "GB82WEST12345698765432",
            "DE89370400440532013000",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
            "GB29UVWX34567845678901",
        ] {
            assert!(is_iban(good), "{good}");
            let swapped: String = good.chars().rev().collect();
            assert!(!is_iban(&swapped), "{swapped}");
            let wrong = good.replacen(|found: char| found.is_ascii_digit(), "5", 1);
            assert!(wrong == good || !is_iban(&wrong), "{wrong}");
        }
        for bad in [
            "",
            "GB82",
            "GB82 WEST 1234 5698 7654 32",
            "gb82west12345698765432",
            "GB82WEST1234569876543飞",
            "XX00AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(!is_iban(bad), "{bad}");
        }
    }
}
