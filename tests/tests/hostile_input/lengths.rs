//! Lengths that lie, and fields that have one form only.

use iso20022::PrivateData;
use ledger::account::{Institution, KeySet, NodeRecord, Policy};
use ledger::block::Cut;
use ledger::certificate::Certificate;
use ledger::genesis::GenesisDocument;
use ledger::ids::{AssetCode, Bic, Network, Uetr};
use ledger::light::Progress;
use ledger::transaction::{SignedTransaction, Transaction};
use ledger::validators::ValidatorSet;
use node::core::message::{ChainPart, Forwarded, PeerMessage};
use node::core::snapshot::Offers;

use crate::encodings::CUT;
use crate::rows::Row;
use tests::fuzz::samples::{Reader, read, vectors};

const LONG: &str = "longer than its type may be";

/// A list that is bounded: what stands before its length, and the most elements.
fn lists() -> Vec<(&'static str, Reader, Vec<u8>, u32)> {
    let vectors = vectors();
    let transaction = &vectors["transaction; its hash is its id, which each signer signs"];
    let certificate = &vectors["certificate"];
    vec![
        ("key set", read::<KeySet>, vec![1], 16),
        ("cut", read::<Cut>, vec![], 128),
        ("validator set", read::<ValidatorSet>, vec![], 128),
        ("part of the chain", read::<ChainPart>, vec![], 256),
        ("transactions handed over", read::<Forwarded>, vec![], 4096),
        ("snapshots", read::<Offers>, vec![], 4),
        ("peer: part of the chain", read::<PeerMessage>, vec![6], 256),
        ("peer: transactions", read::<PeerMessage>, vec![10], 4096),
        ("operations", read::<Transaction>, transaction[..49].to_vec(), 8192),
        ("signatures", read::<SignedTransaction>, transaction.clone(), 64),
        ("signers of a certificate", read::<Certificate>, certificate[..49].to_vec(), 16),
        ("changes of epoch", read::<Progress>, vec![], u32::MAX),
    ]
}

fn text_lengths() -> Vec<(&'static str, Reader, Vec<u8>)> {
    let bic = b"PSBCCNBJXXX";
    vec![
        ("address", read::<NodeRecord>, vec![7; 32]),
        ("name", read::<Institution>, bic.to_vec()),
        ("genesis name", read::<GenesisDocument>, vec![1, 3]),
        ("private part", read::<PrivateData>, vec![]),
    ]
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |name: &str, class: &str, bytes: Vec<u8>, reader: Reader, expected: &str| {
        rows.push(Row::new((name, class), &bytes, reader(&bytes).err(), expected));
    };
    for (name, reader, before, limit) in lists() {
        let lying = |length: u32| [before.as_slice(), &length.to_le_bytes()].concat();
        if limit < u32::MAX {
            for length in [limit + 1, 1 << 16, 1 << 24, 1 << 31, u32::MAX] {
                add(name, "a length beyond its limit", lying(length), reader, LONG);
            }
        } else {
            add(name, "a length beyond its limit", lying(u32::MAX), reader, LONG);
        }
        add(name, "a length without elements", lying(limit.min(4)), reader, CUT);
        add(name, "half a length", [before.as_slice(), &[0, 0]].concat(), reader, CUT);
    }
    for (name, reader, before) in text_lengths() {
        for length in [1, 1 << 16, 1 << 31, u32::MAX] {
            let bytes = [before.as_slice(), &length.to_le_bytes()].concat();
            add(name, "a length without its text", bytes, reader, CUT);
        }
    }
    rows.extend(forms());
    rows
}

fn forms() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |name: &str, class: &str, bytes: &[u8], reader: Reader, expected: &str| {
        rows.push(Row::new((name, class), bytes, reader(bytes).err(), expected));
    };
    let policy = |mandate: u8| [&[1, 1, 0, 0, 0][..], &[7; 32], &[mandate]].concat();
    for mandate in [2, 3, 0x80, 0xff] {
        add("mandate", "no truth value", &policy(mandate), read::<Policy>, "bool");
    }
    for tag in [0, 4, 0x7f, 0xff] {
        add("network", "unknown", &[tag], read::<Network>, "Unexpected variant");
    }
    for text in [
        b"psbccnbjxxx",
        b"PSBCCNBJxxx",
        b"PSBC12BJXXX",
        b"PSBCCNBJ\0\0\0",
        b"PSBCCNBJ   ",
        b"PSBCCNBJ\xe2\x80\xae",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        add("BIC", "another alphabet", text, read::<Bic>, "malformed BIC");
    }
    for text in [
        b"\0\0\0\0\0\0\0\0",
        b"CN\0\0\0\0\0\0",
        b"C\0NY\0\0\0\0",
        b"cny\0\0\0\0\0",
        b"CNY     ",
        b"CNY\0\0\0\0X",
        b"CNY\n\0\0\0\0",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        add("asset code", "another alphabet", text, read::<AssetCode>, "malformed asset code");
    }
    for (place, byte) in [(6, 0x00), (6, 0x10), (6, 0x70), (8, 0x00), (8, 0x40), (8, 0xc0)] {
        let mut bytes = *Uetr::from_entropy([9; 16]).bytes();
        bytes[place] = byte;
        add("UETR", "version and variant", &bytes, read::<Uetr>, "malformed UETR");
    }
    for text in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"a\x80"] {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        let bytes = [&[7; 32][..], &length, text].concat();
        add("address", "invalid UTF-8", &bytes, read::<NodeRecord>, "utf-8");
    }
    rows
}
