//! Canonical coding: borsh, with a limit on every collection that comes from outside.
//!
//! Invariants: a value has exactly one encoding; trailing bytes are refused; no allocation is
//! larger than what the input can fill. Absent: any second encoding of a ledger type.

use borsh::{BorshDeserialize, BorshSerialize};
use std::io::{Error, ErrorKind, Read, Result, Write};

/// The canonical encoding of `value`.
pub fn encode<T: BorshSerialize>(value: &T) -> Vec<u8> {
    // Writing into memory cannot fail, and the ledger's types have no failing encoder.
    borsh::to_vec(value).unwrap_or_default()
}

/// Appends the canonical encoding of `value` to `bytes`.
pub fn encode_into<T: BorshSerialize>(bytes: &mut Vec<u8>, value: &T) {
    // Writing into memory cannot fail, and the ledger's types have no failing encoder.
    let written = value.serialize(bytes);
    assert!(written.is_ok(), "a value of the ledger always encodes");
}

/// Decodes exactly one `T` from `bytes`, at most `limit` bytes.
///
/// # Errors
/// `InvalidData` for more bytes than `limit`, trailing bytes, or anything that is not the one
/// canonical encoding of a `T`.
pub fn decode<T: BorshDeserialize>(bytes: &[u8], limit: usize) -> Result<T> {
    if bytes.len() > limit {
        return Err(invalid("longer than its type may be"));
    }
    borsh::from_slice(bytes)
}

/// Reads a vector of at most `limit` elements: the length is checked before anything is allocated.
///
/// # Errors
/// `InvalidData` beyond `limit`, or what the elements' decoder says.
pub fn bounded_vec<R: Read, T: BorshDeserialize>(reader: &mut R, limit: usize) -> Result<Vec<T>> {
    let length = usize::try_from(u32::deserialize_reader(reader)?)
        .map_err(|_| invalid("longer than memory"))?;
    if length > limit {
        return Err(invalid("longer than its type may be"));
    }
    // Elements of some bytes each: a lying length fails at the first missing one.
    let mut elements = Vec::with_capacity(length.min(1024));
    for _ in 0..length {
        elements.push(T::deserialize_reader(reader)?);
    }
    Ok(elements)
}

/// Writes a list that is mostly empty and always short: its length is one byte.
///
/// # Errors
/// `InvalidData` for more than 255 elements, or what the writer says.
pub fn write_short<W: Write, T: BorshSerialize>(writer: &mut W, elements: &[T]) -> Result<()> {
    let length =
        u8::try_from(elements.len()).map_err(|_| invalid("longer than its type may be"))?;
    length.serialize(writer)?;
    elements.iter().try_for_each(|element| element.serialize(writer))
}

/// Reads a list that [`write_short`] wrote, of at most `limit` elements.
///
/// # Errors
/// As [`bounded_vec`].
pub fn short_vec<R: Read, T: BorshDeserialize>(reader: &mut R, limit: usize) -> Result<Vec<T>> {
    let length = usize::from(u8::deserialize_reader(reader)?);
    if length > limit {
        return Err(invalid("longer than its type may be"));
    }
    (0..length).map(|_| T::deserialize_reader(reader)).collect()
}

/// The error of a malformed encoding.
pub fn invalid(reason: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_trailing_bytes() {
        let bytes = encode(&vec![1_u16, 2, 3]);
        let mut reader = bytes.as_slice();
        assert_eq!(bounded_vec::<_, u16>(&mut reader, 3).unwrap(), vec![1, 2, 3]);
        assert!(bounded_vec::<_, u16>(&mut bytes.as_slice(), 2).is_err());
        let lying = u32::MAX.to_le_bytes();
        assert!(bounded_vec::<_, u16>(&mut lying.as_slice(), usize::MAX).is_err());
        assert_eq!(decode::<u16>(&[1, 0], 2).unwrap(), 1);
        assert!(decode::<u16>(&[1, 0, 0], 3).is_err());
        assert!(decode::<u16>(&[1, 0], 1).is_err());
    }
}
