//! Black and white PNG files (ISO/IEC 15948), written without compression.
//!
//! Invariants: one bit for each pixel, one stored deflate block for each run of rows; some 20 KB
//! for a code. Absent: reading, colours, compression, which a picture of this size does not need.

/// The eight bytes that every PNG begins with.
const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

/// The most bytes of a stored block.
const BLOCK: usize = 65_535;

/// A square picture of `side` pixels.
pub(super) fn bilevel(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let length = u32::try_from(side).unwrap_or_default().to_be_bytes();
    // One bit, greyscale, the one method of compression and of filters, not interlaced.
    let header = [&length[..], &length[..], &[1, 0, 0, 0, 0]].concat();
    let mut rows = Vec::new();
    for row in 0..side {
        rows.push(0);
        for start in (0..side).step_by(8) {
            let bits = (start..start + 8).map(|column| column < side && is_dark(column, row));
            // Zero is black.
            rows.push(bits.fold(0_u8, |byte, dark| (byte << 1) | u8::from(!dark)));
        }
    }
    let mut file = SIGNATURE.to_vec();
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, b"IDAT", &stored(&rows));
    chunk(&mut file, b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or_default();
    file.extend(length.to_be_bytes());
    let body = [&kind[..], data].concat();
    file.extend(&body);
    file.extend(crc32(&body).to_be_bytes());
}

/// A zlib stream (RFC 1950) of stored blocks (RFC 1951).
fn stored(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = data.chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or_default();
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler32(data).to_be_bytes());
    stream
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 0 { sum >> 1 } else { (sum >> 1) ^ 0xEDB8_8320 }
        })
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    (high << 16) | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
    }

    #[test]
    fn a_picture_has_its_parts_in_order() {
        let file = bilevel(9, |column, row| column == row);
        assert_eq!(file[..8], SIGNATURE);
        assert_eq!(file[12..16], *b"IHDR");
        assert_eq!(file[16..24], [0, 0, 0, 9, 0, 0, 0, 9]);
        let data = file.windows(4).position(|part| part == b"IDAT").unwrap() + 4;
        // The stream's head, the one block's head, the first row: its filter, and two bytes.
        assert_eq!(file[data..data + 2], [0x78, 0x01]);
        assert_eq!(file[data + 7..data + 10], [0, 0b0111_1111, 0b1111_1111]);
        assert_eq!(file[file.len() - 8..file.len() - 4], *b"IEND");
    }
}
