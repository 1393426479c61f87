//! The families of operations: which of the models draws which, how often, and how many in all.
//!
//! `FEIQIAN_MODEL_OPERATIONS` is how many random operations all models draw together at least; each
//! has its share of them. Left out, each model runs the few seeds that its test names.
#![allow(clippy::print_stdout, reason = "it says how often each family was drawn")]

use std::collections::{BTreeMap, BTreeSet};

use ledger::chain::Executed;
use ledger::operation::Operation;
use ledger::transaction::VerifiedTransaction;

/// A model: its name, its share of all operations in percent, and the families that it draws.
pub struct Drawn {
    pub model: &'static str,
    pub share: u64,
    pub families: &'static [&'static str],
}

const fn drawn(model: &'static str, share: u64, families: &'static [&'static str]) -> Drawn {
    Drawn { model, share, families }
}

/// All models. Their shares are 100 together.
pub const ALL: [Drawn; 5] = [
    drawn(
        "payments",
        40,
        &[
            "AnswerRecall",
            "Capture",
            "CloseAccount",
            "Freeze",
            "Hold",
            "Issue",
            "Pay",
            "PayAcross",
            "Redeem",
            "Release",
            "RequestRecall",
            "Return",
            "Unfreeze",
        ],
    ),
    drawn(
        "limits",
        20,
        &[
            "Approve",
            "Capture",
            "Hold",
            "Pay",
            "Refuse",
            "Release",
            "SetLimits",
            "SetPolicy",
            "SetTier",
        ],
    ),
    drawn(
        "queues",
        10,
        &["Freeze", "Issue", "Pay", "Prioritise", "Queue", "Release", "SetFeeSchedule", "Unfreeze"],
    ),
    drawn("governance", 15, &["Enact", "Propose", "Vote"]),
    drawn(
        "accounts",
        15,
        &[
            "CloseAccount",
            "Issue",
            "OpenAccount",
            "RegisterAsset",
            "RotateKeys",
            "SetPolicy",
            "SetTier",
        ],
    ),
];

/// The family of an operation.
pub const fn family(operation: &Operation) -> &'static str {
    match operation {
        Operation::RegisterAsset { .. } => "RegisterAsset",
        Operation::Issue { .. } => "Issue",
        Operation::Redeem { .. } => "Redeem",
        Operation::OpenAccount { .. } => "OpenAccount",
        Operation::SetPolicy { .. } => "SetPolicy",
        Operation::RotateKeys { .. } => "RotateKeys",
        Operation::Freeze { .. } => "Freeze",
        Operation::Unfreeze { .. } => "Unfreeze",
        Operation::CloseAccount { .. } => "CloseAccount",
        Operation::Pay(_) => "Pay",
        Operation::PayAcross(_) => "PayAcross",
        Operation::SetFeeSchedule { .. } => "SetFeeSchedule",
        Operation::SetTier { .. } => "SetTier",
        Operation::Propose { .. } => "Propose",
        Operation::Vote { .. } => "Vote",
        Operation::Enact { .. } => "Enact",
        Operation::Hold(_) => "Hold",
        Operation::Capture { .. } => "Capture",
        Operation::Release { .. } => "Release",
        Operation::Return(_) => "Return",
        Operation::RequestRecall(_) => "RequestRecall",
        Operation::AnswerRecall { .. } => "AnswerRecall",
        Operation::Approve { .. } => "Approve",
        Operation::Refuse { .. } => "Refuse",
        Operation::SetLimits { .. } => "SetLimits",
        Operation::Queue(_) => "Queue",
        Operation::Prioritise { .. } => "Prioritise",
    }
}

/// How many operations of each family were executed, and how many of them were rejected.
#[derive(Clone, Default)]
pub struct Tally(BTreeMap<&'static str, (u64, u64)>);

impl Tally {
    /// Notes what became of the operations of `transactions`, as far as the block executed them.
    pub fn note(&mut self, transactions: &[VerifiedTransaction], executed: &Executed) {
        let by_id: BTreeMap<_, _> = transactions.iter().map(|one| (one.id(), one.body())).collect();
        for receipt in executed.booked.iter().map(|booked| &booked.receipt) {
            // What the block itself settles is of no transaction.
            let Some(body) = by_id.get(&receipt.transaction) else { continue };
            let operation = &body.operations[usize::from(receipt.operation)];
            let (executed, rejected) = self.0.entry(family(operation)).or_default();
            *executed += 1;
            *rejected += u64::from(receipt.outcome.rejection().is_some());
        }
    }

    pub fn add(&mut self, other: &Self) {
        for (family, (executed, rejected)) in &other.0 {
            let sums = self.0.entry(family).or_default();
            *sums = (sums.0 + executed, sums.1 + rejected);
        }
    }

    fn total(&self) -> u64 {
        self.0.values().map(|(executed, _)| executed).sum()
    }
}

/// Runs the model `name` by the seeds from 0 on: `least` of them, and as many more as its share of
/// `FEIQIAN_MODEL_OPERATIONS` needs. Prints how often it drew each family, which must be those that
/// [`ALL`] says.
#[expect(clippy::disallowed_methods, reason = "a test is asked for how much, the package is not")]
pub fn run_seeds(name: &str, least: u64, mut run: impl FnMut(u64, &mut Tally)) {
    let drawn = ALL.iter().find(|drawn| drawn.model == name).unwrap();
    let wanted = std::env::var("FEIQIAN_MODEL_OPERATIONS").ok();
    let wanted = wanted.map_or(0, |text| text.parse::<u64>().unwrap());
    let share = (wanted * drawn.share).div_ceil(100);
    let mut tally = Tally::default();
    let mut seeds = 0;
    while seeds < least || tally.total() < share {
        run(seeds, &mut tally);
        seeds += 1;
    }
    println!("{name}: {} operations of {seeds} seeds", tally.total());
    for (family, (executed, rejected)) in &tally.0 {
        println!("  {family:16} {executed:>10}, {rejected:>10} of them rejected");
    }
    let found: BTreeSet<&str> = tally.0.keys().copied().collect();
    assert_eq!(found, drawn.families.iter().copied().collect(), "what {name} draws");
}
