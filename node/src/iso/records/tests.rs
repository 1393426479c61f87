//! Tests of the records: private, found again, replaced, erased.

use super::*;
use ledger::crypto::{SecretKey, Suite};
use ledger::hash::ChainId;
use ledger::ids::AssetCode;
use ledger::money::{Amount, Money};
use ledger::operation::{ChargeBearer, Pay, PaymentTerms};
use ledger::transaction::Transaction;
use std::os::unix::fs::PermissionsExt;

fn key(seed: u8) -> Arc<DataKey> {
    let seed = SecretKey::from_seed(Suite::Ed25519Blake3, [seed; 32]);
    Arc::new(DataKey::new(ChainId(Hash([1; 32])), &seed))
}

fn domains() -> Domains {
    Domains::new(Suite::Ed25519Blake3, ChainId(Hash([1; 32])))
}

fn uetr(number: u32) -> Uetr {
    let mut entropy = [7; 16];
    entropy[..4].copy_from_slice(&number.to_be_bytes());
    Uetr::from_entropy(entropy)
}

fn sheet(accepted: u64, message_id: &str, payments: std::ops::Range<u32>) -> Sheet {
    let transaction = Transaction {
        suite: Suite::Ed25519Blake3,
        chain_id: ChainId(Hash([1; 32])),
        valid_from: Timestamp(1),
        valid_until: Timestamp(accepted),
        operations: vec![],
        atomic: false,
        signers: vec![],
    };
    let order = |number| Order {
        uetr: uetr(number),
        salt: [5; 32],
        private: PrivateData::default(),
        transaction: 0,
    };
    Sheet {
        accepted: Timestamp(accepted),
        message: Hash([9; 32]),
        message_id: message_id.to_owned(),
        definition: "pacs.008.001.08".to_owned(),
        created: Some("2026-11-21T10:00:00Z".to_owned()),
        transactions: vec![SignedTransaction { transaction, signatures: vec![] }],
        orders: payments.map(order).collect(),
    }
}

/// The payments under `message_id`, and when each was accepted.
fn found(records: &Records, message_id: &str) -> Vec<(Uetr, u64)> {
    let found = records.of_message(&domains(), message_id).unwrap();
    found.iter().map(|record| (record.uetr, record.accepted.0)).collect()
}

#[test]
fn records_are_private_come_back_and_replace_older_ones() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("private");
    let records = Records::new(folder.clone(), key(1));
    assert!(records.load_all(&domains(), &[uetr(1)]).unwrap().is_empty());
    records.save(&sheet(1, "A", 0..3)).unwrap();
    records.save(&sheet(2, "B", 2..4)).unwrap();
    let all = [0, 1, 2, 3, 4].map(uetr);
    let loaded = records.load_all(&domains(), &all).unwrap();
    let accepted: Vec<_> = loaded.values().map(|record| record.accepted.0).collect();
    assert_eq!(accepted, [1, 1, 2, 2]);
    let of_two: BTreeSet<_> = loaded.values().map(|record| record.signed.id).collect();
    assert_eq!(of_two.len(), 2);
    let expected = [(0, 1), (1, 1)].map(|(number, accepted)| (uetr(number), accepted));
    assert_eq!(found(&records, "A"), expected);
    assert_eq!(found(&records, "AB"), []);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn the_index_is_made_again_and_a_damaged_file_is_named() {
    let home = tempfile::tempdir().unwrap();
    let records = Records::new(home.path().to_owned(), key(1));
    // The newer one first: its place among the files is not its place in time.
    for (accepted, id) in [(2, "B"), (1, "A")] {
        records.save(&sheet(accepted, id, 0..2)).unwrap();
    }
    drop(records);
    fs::remove_file(home.path().join(index::FILE)).unwrap();
    let records = Records::new(home.path().to_owned(), key(1));
    assert_eq!(found(&records, "B"), [(uetr(0), 2), (uetr(1), 2)]);
    assert_eq!(found(&records, "A"), []);
    let is_sheet = |path: &PathBuf| path.extension().is_some_and(|ending| ending == ENDING);
    let paths = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    for path in paths.filter(is_sheet) {
        let mut bytes = fs::read(&path).unwrap();
        bytes.push(0);
        fs::write(&path, bytes).unwrap();
    }
    let error = records.load_all(&domains(), &[uetr(0)]).unwrap_err().to_string();
    assert!(error.contains(".orders"), "{error}");
}

#[test]
fn a_message_is_one_file_however_many_payments_it_has() {
    let home = tempfile::tempdir().unwrap();
    let records = Records::new(home.path().to_owned(), key(1));
    records.save(&sheet(1, "A", 0..5_000)).unwrap();
    let names = fs::read_dir(home.path()).unwrap().count();
    assert_eq!(names, 2, "the index, and the message's file");
    assert_eq!(found(&records, "A").len(), 5_000);
}

/// Orders payments from institution 1 to institution 2, with a commitment.
fn abroad(accepted: u64, message_id: &str, payments: std::ops::Range<u32>) -> Sheet {
    let mut sheet = sheet(accepted, message_id, payments.clone());
    let account = |institution| AccountId::new(InstitutionNumber(institution), [7; 12]);
    let pay = |number| {
        let amount = Money::new(Amount(1), AssetCode::parse("CNY").unwrap());
        let terms = PaymentTerms {
            charge_bearer: ChargeBearer::Shared,
            maximum_fee: Amount::ZERO,
            purpose: [0; 4],
            remittance: Hash([8; 32]),
        };
        let (from, to) = (account(1), account(2));
        Operation::Pay(Pay { uetr: uetr(number), from, to, amount, terms })
    };
    let ordered: Vec<_> = payments.map(pay).collect();
    sheet.transactions[0].transaction.operations = ordered;
    sheet
}

#[test]
fn what_is_on_the_disk_is_sealed() {
    let home = tempfile::tempdir().unwrap();
    let records = Records::new(home.path().to_owned(), key(1));
    records.save(&sheet(1, "MESSAGE-A", 0..2)).unwrap();
    for entry in fs::read_dir(home.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            let bytes = fs::read(&path).unwrap();
            assert!(!bytes.windows(9).any(|window| window == b"MESSAGE-A"));
        }
    }
    let other = Records::new(home.path().to_owned(), key(2));
    drop(records);
    let error = other.load_all(&domains(), &[uetr(0)]).unwrap_err().to_string();
    assert!(error.contains("another data key"), "{error}");
}

#[test]
fn private_parts_are_owed_abroad_until_they_are_delivered() {
    let home = tempfile::tempdir().unwrap();
    let records = Records::new(home.path().to_owned(), key(1));
    records.save(&sheet(1, "HERE", 0..2)).unwrap();
    assert_eq!(records.owed(None, 9).unwrap(), []);
    records.save(&abroad(2, "ABROAD", 2..5)).unwrap();
    let to = InstitutionNumber(2);
    let owed = [2, 3, 4].map(|number| (uetr(number), to));
    assert_eq!(records.owed(None, 9).unwrap(), owed);
    assert_eq!(records.owed(Some(uetr(2)), 1).unwrap(), owed[1..2]);
    assert_eq!(records.delivery(uetr(3)).unwrap(), Delivery::Owed(to));
    records.settle(&[(uetr(3), Some(Timestamp(7))), (uetr(4), None)]).unwrap();
    assert_eq!(records.delivery(uetr(3)).unwrap(), Delivery::Done(Timestamp(7)));
    assert_eq!(records.delivery(uetr(4)).unwrap(), Delivery::Nowhere);
    assert_eq!(records.owed(None, 9).unwrap(), owed[..1]);
    // Ordered anew, with another salt, it is owed anew.
    records.save(&abroad(3, "AGAIN", 3..4)).unwrap();
    assert_eq!(records.delivery(uetr(3)).unwrap(), Delivery::Owed(to));
    assert_eq!(records.privates(&[uetr(3), uetr(9)]).unwrap().len(), 1);
}

#[test]
fn what_is_erased_is_in_no_file_any_more() {
    let home = tempfile::tempdir().unwrap();
    let records = Records::new(home.path().to_owned(), key(1));
    // The payment was ordered twice: the first order could no longer execute.
    records.save(&abroad(1, "A", 0..2)).unwrap();
    records.save(&abroad(2, "B", 0..1)).unwrap();
    assert_eq!(records.erase(uetr(0)).unwrap(), 2);
    assert_eq!(records.private(uetr(0)).unwrap(), None);
    assert_eq!(records.owed(None, 9).unwrap(), [(uetr(1), InstitutionNumber(2))]);
    assert_eq!(found(&records, "A"), [(uetr(1), 1)]);
    assert_eq!(found(&records, "B"), []);
    assert_eq!(records.erase(uetr(0)).unwrap(), 0);
    drop(records);
    fs::remove_file(home.path().join(index::FILE)).unwrap();
    let records = Records::new(home.path().to_owned(), key(1));
    assert_eq!(records.private(uetr(0)).unwrap(), None);
    assert!(records.private(uetr(1)).unwrap().is_some());
}

#[test]
fn what_was_handed_over_is_found_owed_once_and_erased() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("private");
    let bank = InstitutionNumber(7);
    let record = |number| {
        let private = PrivateData::note("lunch");
        PrivateRecord { uetr: uetr(number), salt: [3; 32], message: Hash::ZERO, private }
    };
    let records = Records::new(folder.clone(), key(1));
    records.hand_over(&record(1), Some(bank)).unwrap();
    records.hand_over(&record(2), None).unwrap();
    assert_eq!(records.owed(None, 9).unwrap(), [(uetr(1), bank)]);
    let found = records.privates(&[uetr(1), uetr(2), uetr(3)]).unwrap();
    assert_eq!(found, [record(1), record(2)]);
    assert!(records.load_all(&domains(), &[uetr(1)]).unwrap().is_empty());
    records.settle(&[(uetr(1), Some(Timestamp(5)))]).unwrap();
    records.hand_over(&record(1), Some(bank)).unwrap();
    assert_eq!(records.delivery(uetr(1)).unwrap(), Delivery::Done(Timestamp(5)));
    drop(records);

    // An index that is made again knows what is owed, and not what was delivered.
    fs::remove_file(folder.join(index::FILE)).unwrap();
    let records = Records::new(folder, key(1));
    assert_eq!(records.owed(None, 9).unwrap(), [(uetr(1), bank)]);
    assert_eq!(records.erase(uetr(1)).unwrap(), 1);
    assert_eq!(records.private(uetr(1)).unwrap(), None);
    assert_eq!(records.count_owed().unwrap(), 0);
}
