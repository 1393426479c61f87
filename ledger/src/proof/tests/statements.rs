//! Statements of a small account, and every way to leave something out of one.

use super::*;
use crate::account::{Entry, EntryKind};
use crate::ids::Height;

/// All entries of the account: one of block 2, two of block 4.
fn entries(chain: &Chain) -> Vec<Entry> {
    let booked = chain.blocks.iter().flat_map(|block| &block.booked);
    booked.flat_map(|booked| &booked.entries).map(|(_, entry)| *entry).collect()
}

/// The statement from block `from` (or from the beginning) to block `to`.
fn statement(chain: &Chain, from: Option<usize>, to: usize) -> Statement {
    let is_within = |entry: &Entry| {
        let height = usize::try_from(entry.height.0).unwrap();
        from.is_none_or(|from| height > from) && height <= to
    };
    let position = Position {
        opening: from.map(|height| chain.holding_at(account(), height)),
        entries: entries(chain).into_iter().filter(is_within).collect(),
        closing: chain.holding_at(account(), to),
    };
    Statement { positions: vec![position] }
}

#[test]
fn statements_follow_each_other_without_a_gap() {
    let chain = Chain::new();
    let trusted = chain.domains.chain_id();
    let cases = [
        (None, 4, vec![10_000, 10_500, 10_700]),
        (None, 3, vec![10_000]),
        (None, 1, vec![]),
        (Some(1), 3, vec![10_000]),
        (Some(2), 4, vec![10_500, 10_700]),
        (Some(4), 4, vec![]),
    ];
    for (from, to, balances) in cases {
        let written = statement(&chain, from, to);
        let file = written.encode();
        assert_eq!(Statement::decode(&file).unwrap(), written);
        let proven = written.verify(trusted).unwrap();
        assert_eq!(proven.account, account());
        let [position] = proven.positions.as_slice() else { panic!("one asset") };
        let lines = || position.lines.iter().map(|(_, balance)| balance.0);
        assert_eq!(lines().collect::<Vec<_>>(), balances, "{from:?} to {to}");
        assert_eq!(
            position.closing.posted.0,
            lines().next_back().unwrap_or(position.opening.posted.0)
        );
        assert_eq!(position.closed.header.height.0, u64::try_from(to).unwrap());
        assert_eq!(position.opened.is_some(), from.is_some());
    }
}

#[test]
fn a_line_that_is_left_out_changed_or_made_up_is_refused() {
    let chain = Chain::new();
    let trusted = chain.domains.chain_id();
    let good = statement(&chain, None, 4);
    let refused = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut bad = good.clone();
        change(&mut bad.positions[0].entries);
        assert_eq!(bad.verify(trusted), Err(StatementError::Incomplete { asset: cny() }));
    };
    for place in 0..3 {
        refused(&|entries| {
            entries.remove(place);
        });
        refused(&|entries| entries[place].uetr = uetr(9));
        refused(&|entries| entries[place].kind = EntryKind::Payment);
        refused(&|entries| entries[place].credit = false);
        refused(&|entries| entries[place].amount = Amount(1));
        refused(&|entries| entries[place].height = Height(3));
        refused(&|entries| entries.insert(place, entries[place]));
    }
    refused(&|entries| entries.swap(1, 2));
    refused(&|entries| entries.truncate(1));
}

#[test]
fn proofs_that_do_not_belong_together_are_refused() {
    let chain = Chain::new();
    let trusted = chain.domains.chain_id();
    let verdict = |change: &dyn Fn(&mut Statement)| {
        let mut bad = statement(&chain, Some(2), 4);
        change(&mut bad);
        bad.verify(trusted).unwrap_err()
    };
    let stranger = AccountId::new(InstitutionNumber(4), [8; 12]);
    let foreign = chain.holding_at(stranger, 2);
    assert_eq!(
        verdict(&|bad| bad.positions[0].opening = Some(foreign.clone())),
        StatementError::Foreign
    );
    assert_eq!(
        verdict(&|bad| bad.positions[0].opening = Some(chain.payment(0))),
        StatementError::NotAHolding
    );
    let back = |bad: &mut Statement| *bad = statement(&chain, Some(4), 4);
    assert_eq!(
        verdict(&|bad| {
            back(bad);
            bad.positions[0].closing = chain.holding_at(account(), 3);
        }),
        StatementError::Backwards
    );
    assert_eq!(verdict(&|bad| bad.positions.clear()), StatementError::Order);
    assert_eq!(verdict(&|bad| bad.positions.push(bad.positions[0].clone())), StatementError::Order);
    let of_stranger =
        Position { opening: None, entries: Vec::new(), closing: chain.holding_at(stranger, 4) };
    assert_eq!(verdict(&|bad| bad.positions.push(of_stranger.clone())), StatementError::Foreign);
    assert!(matches!(
        verdict(&|bad| bad.positions[0].closing.genesis.name.push('x')),
        StatementError::Proof(ProofError::Trust(Refusal::OtherChain { .. }))
    ));
}

#[test]
fn any_one_changed_byte_of_a_statement_is_refused() {
    let chain = Chain::new();
    let trusted = chain.domains.chain_id();
    let file = statement(&chain, Some(2), 4).encode();
    for place in 0..file.len() {
        let mut changed = file.clone();
        changed[place] ^= 1 << (place % 8);
        let verdict = Statement::decode(&changed).and_then(|bad| bad.verify(trusted));
        assert!(verdict.is_err(), "byte {place} of {} does not matter", file.len());
    }
    assert_eq!(Statement::decode(b"feiqian.proof/v1"), Err(StatementError::NotAStatement));
    assert!(Statement::decode(&file[..file.len() - 1]).is_err());
    assert!(Statement::decode(&[file, vec![0]].concat()).is_err());
}
