//! Notes on their way to the payer's bank: whatever becomes of one, its payment stands, once.

use super::stub::home::Home;
use super::stub::server::Mode;
use super::{PAY, with};

fn noted<'a>(more: &[&'a str]) -> Vec<&'a str> {
    with(&with(&PAY, &["--note", "table 7"]), more)
}

#[test]
fn a_note_is_handed_over_with_its_salt_once_the_payment_is_final() {
    let home = Home::new(1);
    let paid = home.run(&noted(&[])).with_code(0);
    assert!(paid.stdout.lines().next().unwrap().ends_with("   note ok"), "{paid:?}");
    assert_eq!(paid.stderr, "");
    let world = home.world();
    let handed: Vec<_> = world.handed.values().collect();
    let [request] = handed.as_slice() else { panic!("{handed:?}") };
    assert_eq!((request.entries[1].value.as_str(), request.salt.len()), ("table 7", 64));
}

#[test]
fn a_note_that_is_kept_is_handed_over_later_and_nothing_is_paid_twice() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::Noteless);
    let paid = home.run(&noted(&["--output", "json"])).with_code(0).json();
    assert_eq!((&paid["status"], &paid["note_handed_over"]), (&"settled".into(), &false.into()));
    let id = paid["id"].as_str().unwrap();
    let told = home.run(&noted(&["--id", id])).with_code(2);
    assert!(told.stderr.starts_with("error[id-taken]"), "{told:?}");
    let resume = ["pay", "--resume", &id[..8], "--output", "json"];
    let kept = home.run(&resume).with_code(5).problem();
    assert_eq!((&kept["code"], &kept["id"]), (&"note-kept".into(), &paid["id"]));
    home.nodes[0].behave(Mode::Honest);
    let handed = home.run(&resume).with_code(0).json();
    assert_eq!((&handed["id"], &handed["note_handed_over"]), (&paid["id"], &true.into()));
    assert_eq!(home.run(&resume).with_code(2).problem()["code"], "not-in-outbox");
    assert_eq!(home.world().handed.len(), 1);
    assert_eq!(home.world().posted("lee", "CNY"), 2500);
    // The same words again are another order.
    home.run(&noted(&[])).with_code(0);
    assert_eq!(home.world().posted("lee", "CNY"), 5000);
}

#[test]
fn a_warning_says_what_to_do() {
    let home = Home::new(1);
    home.nodes[0].behave(Mode::Noteless);
    let paid = home.run(&noted(&[])).with_code(0);
    for words in ["has not reached the payer's bank", "feiqian pay --resume ", "payment stands"] {
        assert!(paid.stderr.contains(words), "{paid:?}");
    }
}

#[test]
fn a_bank_without_a_node_in_the_profile_gets_no_note_and_no_other_gets_it() {
    let home = Home::new(1);
    // The only node is PSBCCNBJ's, and lee is another bank's customer.
    home.run(&PAY).with_code(0);
    let back = ["pay", "@wei", "1.00 CNY", "--from", "@lee", "--note", "change"];
    let paid = home.run(&back).with_code(0);
    assert!(paid.stderr.contains("no node of the profile is that of HSBCHKHH"), "{paid:?}");
    assert!(home.world().handed.is_empty());
}

#[test]
fn a_note_travels_with_a_payment_that_is_signed_elsewhere() {
    let home = Home::new(1);
    let build = ["tx", "build", "@lee", "7.00 CNY", "--from", "@wei", "--note", "rent"];
    home.run(&with(&build, &["-o", "pay.tx"])).with_code(0);
    home.run(&["tx", "sign", "pay.tx"]).with_code(0);
    home.nodes[0].behave(Mode::Noteless);
    let sent = ["tx", "send", "pay.tx", "--output", "json"];
    let first = home.run(&sent).with_code(0).json();
    assert_eq!(first["note_handed_over"], false);
    home.nodes[0].behave(Mode::Honest);
    let again = home.run(&sent).with_code(0).json();
    assert_eq!((&again["id"], &again["note_handed_over"]), (&first["id"], &true.into()));
    assert_eq!(home.world().posted("lee", "CNY"), 700);
}
