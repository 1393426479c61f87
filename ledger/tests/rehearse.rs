//! Rehearsals of changes, and the documents that changes are written in.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod support;

use std::collections::BTreeSet;

use ledger::genesis::Parameters;
use ledger::governance::json::{ChangeError, ChangeFile};
use ledger::governance::{Change, Rehearsal, Verdict, rehearse};
use ledger::ids::{Bic, Height, InstitutionNumber};
use ledger::rejection::Rejection;
use serde_json::{Value, json};
use support::governance::*;
use support::*;

fn set(institutions: &[InstitutionNumber]) -> BTreeSet<InstitutionNumber> {
    institutions.iter().copied().collect()
}

fn rehearsed(world: &World, change: &Change, live: &[InstitutionNumber]) -> Rehearsal {
    rehearse(world.tip.state(), world.tip.height().next(), change, &set(live))
}

fn replacement() -> Change {
    Change::ReplaceValidator {
        leaving: POST,
        entering: FIFTH,
        voting_key: voting(FIFTH, "").public(),
        node: node("node 5"),
    }
}

#[test]
fn verdicts() {
    use Verdict::{Refused, Safe, WouldHalt, WouldHaltAt};
    let mut world = World::new();
    world.decide(admission());
    let heartbeat = Parameters { heartbeat_ms: 900, ..Parameters::USUAL };
    let height = Height(world.tip.height().0 + 50);
    let four = [DEALER_BANK, HONG_KONG, CHINA, POST];
    let three = [DEALER_BANK, HONG_KONG, CHINA];
    let rows: [(Change, &[InstitutionNumber], Verdict, usize); 14] = [
        // Five validators decide with four.
        (addition(FIFTH, ""), &[DEALER_BANK, HONG_KONG, CHINA, POST, FIFTH], Safe, 4),
        (addition(FIFTH, ""), &four, Safe, 4),
        (addition(FIFTH, ""), &three, WouldHalt { missing: 1 }, 4),
        (addition(FIFTH, ""), &[], WouldHalt { missing: 4 }, 4),
        // Three decide with three: removing one that is down is safe, one that is live is not.
        (dismissal(POST), &three, Safe, 3),
        (dismissal(DEALER_BANK), &three, WouldHalt { missing: 1 }, 3),
        (replacement(), &[DEALER_BANK, HONG_KONG, CHINA, FIFTH], Safe, 3),
        (replacement(), &[HONG_KONG, CHINA, POST], WouldHalt { missing: 1 }, 3),
        (rotation(POST, "b"), &four, Safe, 3),
        (Change::SetParameters(heartbeat), &three, Safe, 3),
        (Change::SetParameters(heartbeat), &[CHINA, POST], WouldHalt { missing: 1 }, 3),
        (
            Change::ScheduleUpgrade { height, protocol: ledger::PROTOCOL + 1 },
            &four,
            WouldHaltAt { height, protocol: ledger::PROTOCOL + 1 },
            3,
        ),
        (rotation(FIFTH, "b"), &four, Refused(Rejection::NotValidator), 3),
        (dismissal(InstitutionNumber(9)), &four, Refused(Rejection::UnknownInstitution), 3),
    ];
    for (change, live, verdict, quorum) in rows {
        let rehearsal = rehearsed(&world, &change, live);
        assert_eq!(rehearsal.verdict, verdict, "{change:?} {live:?}");
        assert_eq!(rehearsal.after.validators.quorum(), quorum, "{change:?}");
    }
}

#[test]
fn a_rehearsal_says_what_the_enactment_does() {
    let mut world = World::new();
    world.decide(admission());
    for change in [replacement(), rotation(CHINA, "b"), addition(POST, "b"), dismissal(HONG_KONG)] {
        let rehearsal = rehearsed(&world, &change, &[DEALER_BANK, CHINA, POST, FIFTH]);
        assert_eq!(&rehearsal.before.validators, world.tip.child_validators().as_ref());
        world.decide(change);
        assert_eq!(&rehearsal.after.validators, world.tip.child_validators().as_ref());
    }
    let rotated = rehearsed(&world, &rotation(POST, "c"), &[CHINA, POST]);
    assert_eq!((rotated.new_keys, rotated.before.spare()), (set(&[POST]), 0));
    assert_eq!(rotated.before.live, set(&[CHINA, POST]));
}

fn members(world: &World) -> impl Fn(Bic) -> Option<InstitutionNumber> {
    |bic| world.tip.state().directory().member_by_bic(bic)
}

fn every_change() -> Vec<(&'static str, Change)> {
    vec![
        (
            "admit-institution",
            Change::AdmitInstitution {
                institution: newcomer(FIFTH, "BOFAUS3N"),
                node: Some(node("node 5")),
            },
        ),
        ("admit-institution", admission()),
        ("remove-institution", Change::RemoveInstitution { institution: POST }),
        ("add-validator", addition(POST, "b")),
        ("remove-validator", dismissal(CHINA)),
        (
            "replace-validator",
            Change::ReplaceValidator {
                leaving: POST,
                entering: CHINA,
                voting_key: public("v"),
                node: node("n"),
            },
        ),
        ("rotate-validator-key", rotation(POST, "b")),
        ("set-node", Change::SetNode { institution: POST, node: Some(node("n")) }),
        ("remove-node", Change::SetNode { institution: POST, node: None }),
        ("set-parameters", Change::SetParameters(Parameters::USUAL)),
        ("schedule-upgrade", Change::ScheduleUpgrade { height: Height(90), protocol: 2 }),
    ]
}

#[test]
fn every_change_has_a_document() {
    let world = World::new();
    let bic = |number| world.tip.state().institution(number).map(|member| member.bic);
    for (name, change) in every_change() {
        let file = ChangeFile::of(&change, bic).unwrap();
        let text = serde_json::to_string_pretty(&file).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["format"], "feiqian.change/v1");
        assert!(value["change"][name].is_object(), "{text}");
        let read: ChangeFile = serde_json::from_str(&text).unwrap();
        assert_eq!(read.resolve(members(&world)), Ok(change));
    }
    let stranger = Change::RemoveInstitution { institution: InstitutionNumber(77) };
    assert_eq!(ChangeFile::of(&stranger, bic), None);
}

fn read(change: Value) -> Result<ChangeFile, String> {
    let document = json!({ "format": "feiqian.change/v1", "change": change });
    serde_json::from_value(document).map_err(|error| error.to_string())
}

#[test]
fn documents_are_refused_by_name() {
    let world = World::new();
    let key = public("v").to_hex();
    let node = json!({ "node_key": key, "address": "nowhere" });
    let stranger = read(json!({ "remove-validator": { "institution": "BOFAUS3N" } })).unwrap();
    let refused = stranger.resolve(members(&world)).unwrap_err();
    let bic = Bic::parse("BOFAUS3N").unwrap();
    assert_eq!(refused, ChangeError::UnknownInstitution { bic });
    let moved =
        read(json!({ "set-node": { "institution": "PSBCCNBJ", "node": node.clone() } })).unwrap();
    let refused = moved.resolve(members(&world)).unwrap_err();
    assert!(refused.to_string().contains("host:port"), "{refused}");
    for (change, named) in [
        (json!({ "halt": {} }), "unknown variant `halt`"),
        (json!({ "remove-validator": { "institution": "psbccnbj" } }), "is not a BIC"),
        (json!({ "set-node": { "institution": "PSBCCNBJ" } }), "missing field `node`"),
        (
            json!({ "remove-node": { "institution": "PSBCCNBJ", "node": node } }),
            "unknown field `node`",
        ),
        (
            json!({ "rotate-validator-key": { "institution": "PSBCCNBJ", "voting_key": "ab" } }),
            "no key",
        ),
        (json!({ "schedule-upgrade": { "height": 5 } }), "missing field `protocol`"),
    ] {
        let error = read(change).unwrap_err();
        assert!(error.contains(named), "{error}");
    }
    let other = json!({ "format": "feiqian.change/v2", "change": { "set-node": {} } });
    assert!(serde_json::from_value::<ChangeFile>(other).is_err());
}
