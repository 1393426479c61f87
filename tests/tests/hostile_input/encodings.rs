//! Canonical encodings: cut, lengthened, of an unknown tag, and with every byte changed.

use ledger::proof::Proof;
use ledger::transaction::SignedTransaction;

use crate::rows::{Row, variant};
use tests::fuzz::samples::{Reader, Sample, samples, vectors};

/// What the decoders say.
pub(crate) const CUT: &str = "Unexpected length of input";
const TRAILING: &str = "Not all bytes read";
const TAG: &str = "Unexpected variant";

fn row(name: &str, class: &str, bytes: &[u8], reader: Reader, expected: &str) -> Row {
    Row::new((name, class), bytes, reader(bytes).err(), expected)
}

fn rows_of(sample: &Sample) -> Vec<Row> {
    let Sample { name, bytes, reader, is_tagged } = sample;
    assert_eq!(reader(bytes).as_ref(), Ok(bytes), "{name} does not read back");
    let mut rows = Vec::new();
    for end in [0, bytes.len() / 2, bytes.len() - 1] {
        rows.push(row(name, "cut", &bytes[..end], *reader, CUT));
    }
    for tail in [&[0][..], &[0xff], bytes] {
        let long = [bytes, tail].concat();
        rows.push(row(name, "trailing bytes", &long, *reader, TRAILING));
    }
    if *is_tagged {
        // 0xff is the suite of simulations, which the tests' build knows.
        for tag in [0x7f, 0xfe] {
            let mut changed = bytes.clone();
            changed[0] = tag;
            rows.push(row(name, "unknown tag", &changed, *reader, TAG));
        }
    }
    rows
}

/// What the log of a node, a client's transaction and a proof file are refused for.
fn framed() -> Vec<Row> {
    let vectors = vectors();
    let signed = &vectors["signed transaction"];
    let mut rows = Vec::new();
    for kind in [0, 6, 0x7f, 0xff] {
        let read = node::core::record::ReadRecord::decode(kind, signed).map(drop);
        let input = [&[kind], signed.as_slice()].concat();
        let refusal = read.err().map(|error| error.to_string());
        rows.push(Row::new(("log record", "unknown kind"), &input, refusal, "is unknown"));
    }
    let huge = vec![0; SignedTransaction::MAXIMUM_BYTES + 1];
    for (class, bytes, expected) in [
        ("too long", huge.as_slice(), "longer than its type may be"),
        ("cut", &signed[..1], CUT),
        ("JSON", b"{\"transaction\":\"\"}", TAG),
        ("zeros", &[0; 64], TAG),
    ] {
        let refusal = SignedTransaction::decode(bytes).err().map(|error| error.to_string());
        rows.push(Row::new(("client's transaction", class), bytes, refusal, expected));
    }
    let magic = ledger::proof::MAGIC.as_slice();
    let tail = |bytes: &[u8]| [magic, bytes].concat();
    for (class, bytes, expected) in [
        ("empty", Vec::new(), "NotAProof"),
        ("zeros", vec![0; 64], "NotAProof"),
        ("JSON", b"{}".to_vec(), "NotAProof"),
        ("cut magic", magic[..magic.len() - 1].to_vec(), "NotAProof"),
        ("magic alone", magic.to_vec(), "Malformed"),
        ("short of a checksum", tail(&[0; 15]), "Malformed"),
        ("wrong checksum", tail(&[0; 64]), "Malformed"),
        ("lengths of 2^32-1", tail(&[0xff; 4096]), "Malformed"),
    ] {
        let refusal = Proof::decode(&bytes).err().map(|error| variant(&error));
        rows.push(Row::new(("proof file", class), &bytes, refusal, expected));
    }
    rows
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows: Vec<_> = samples().iter().flat_map(rows_of).collect();
    rows.extend(framed());
    rows
}

/// Changes every byte of every sample, and every four bytes to 2^32-1: it is refused, or it is
/// another value in its one encoding. Gives how many were tried.
pub(crate) fn sweep() -> usize {
    let mut tried = 0;
    for Sample { name, bytes, reader, .. } in samples() {
        for place in 0..bytes.len() {
            for change in [1, 0x20, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[place] ^= change;
                let read = reader(&changed);
                assert!(read.is_err() || read.as_ref() == Ok(&changed), "{name} at {place}");
                tried += 1;
            }
            let mut changed = bytes.clone();
            let end = bytes.len().min(place + 4);
            changed[place..end].fill(0xff);
            let read = reader(&changed);
            assert!(read.is_err() || read.as_ref() == Ok(&changed), "{name} at {place}");
            tried += 1;
        }
    }
    tried
}
