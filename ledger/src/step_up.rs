//! Step-up: which payments of an account need approvals by other keys than their maker's.
//!
//! Invariants: approvers are named apart from the owners, so that whoever has the owners' keys
//! cannot name others (a rotation leaves them); a key counts once in a payment, for its maker or as
//! an approver, never as both. Absent: how a payment waits for them (see `waiting`).

use borsh::{BorshDeserialize, BorshSerialize};

use crate::account::KeySet;
use crate::codec;
use crate::crypto::PublicKey;
use crate::ids::AssetCode;
use crate::money::{Amount, Money};

/// One asset's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StepUpRule {
    /// The asset.
    pub asset: AssetCode,
    /// The largest amount that needs no approval, in minor units.
    pub above: Amount,
    /// How many approvers must approve what is above: 1 to the number of approvers.
    pub approvals: u8,
}

/// An account's rules for large payments.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
pub struct StepUp {
    /// Who approves: 1 to 16 keys, ascending, none twice. Owners' keys may be among them.
    pub approvers: Vec<PublicKey>,
    /// 1 to 64 rules, their assets ascending, none twice.
    pub rules: Vec<StepUpRule>,
}

impl StepUp {
    /// The most rules.
    pub const MAXIMUM_RULES: usize = 64;

    /// Says what is wrong with the rules of an account of `owners`, if anything.
    pub fn defect(&self, owners: &KeySet) -> Option<&'static str> {
        if self.approvers.is_empty() || self.approvers.len() > KeySet::MAXIMUM {
            return Some("a step-up has 1 to 16 approvers");
        }
        if !self.approvers.is_sorted_by(|left, right| left < right) {
            return Some("a step-up's approvers must ascend, none twice");
        }
        if self.rules.is_empty() || self.rules.len() > Self::MAXIMUM_RULES {
            return Some("a step-up has 1 to 64 rules");
        }
        if !self.rules.is_sorted_by(|left, right| left.asset < right.asset) {
            return Some("a step-up's assets must ascend, none twice");
        }
        let owning = self.approvers.iter().filter(|key| owners.keys.binary_search(key).is_ok());
        let makers = owning.count().min(usize::from(owners.threshold));
        let others = self.approvers.len().saturating_sub(makers);
        let fits = |rule: &StepUpRule| {
            let needed = usize::from(rule.approvals);
            needed >= 1 && needed <= others
        };
        if !self.rules.iter().all(fits) {
            return Some("a step-up asks for 1 approval to as many as there are other keys");
        }
        None
    }

    /// How many approvals a payment of `amount` needs; 0 if none.
    pub fn needed(&self, amount: Money) -> u8 {
        let of_asset = |rule: &&StepUpRule| rule.asset == amount.asset;
        let rule = self.rules.iter().find(of_asset).filter(|rule| amount.amount > rule.above);
        rule.map_or(0, |rule| rule.approvals)
    }

    /// Parts the signers of an order as [`divide`] does, with the approvers of these rules.
    pub fn divide(
        &self,
        ordering: &KeySet,
        signers: &[PublicKey],
    ) -> (Vec<PublicKey>, Vec<PublicKey>) {
        divide(&self.approvers, ordering, signers)
    }
}

/// Parts the signers of an order, which `ordering` keys satisfy, into its makers and those of
/// `approvers`, which ascend, who approve it: as many approve as can if a key counts once. Both
/// ascend if `signers` do.
pub fn divide(
    approvers: &[PublicKey],
    ordering: &KeySet,
    signers: &[PublicKey],
) -> (Vec<PublicKey>, Vec<PublicKey>) {
    let orders = |key: &PublicKey| ordering.keys.binary_search(key).is_ok();
    let approves = |key: &PublicKey| approvers.binary_search(key).is_ok();
    let only = signers.iter().filter(|key| orders(key) && !approves(key));
    let both = signers.iter().filter(|key| orders(key) && approves(key));
    let most = usize::from(ordering.threshold);
    let mut makers: Vec<PublicKey> = only.chain(both).take(most).copied().collect();
    makers.sort_unstable();
    let is_maker = |key: &PublicKey| makers.binary_search(key).is_ok();
    let others = signers.iter().filter(|key| approves(key) && !is_maker(key));
    let approving = others.copied().collect();
    (makers, approving)
}

impl BorshDeserialize for StepUp {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Self {
            approvers: codec::bounded_vec(reader, KeySet::MAXIMUM)?,
            rules: codec::bounded_vec(reader, Self::MAXIMUM_RULES)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{SecretKey, Suite};

    /// Five keys, ascending.
    fn keys() -> Vec<PublicKey> {
        let key = |seed| SecretKey::from_seed(Suite::Ed25519Blake3, [seed; 32]).public();
        let mut keys: Vec<_> = (1..=5).map(key).collect();
        keys.sort_unstable();
        keys
    }

    fn pick(places: &[usize]) -> Vec<PublicKey> {
        places.iter().map(|place| keys()[*place]).collect()
    }

    fn rule(text: &str, above: u128, approvals: u8) -> StepUpRule {
        StepUpRule { asset: AssetCode::parse(text).unwrap(), above: Amount(above), approvals }
    }

    #[test]
    fn a_key_counts_once() {
        let owners = KeySet { threshold: 2, keys: pick(&[0, 1, 2]) };
        let step_up = StepUp { approvers: pick(&[1, 2, 3]), rules: vec![rule("CNY", 0, 1)] };
        for (signers, makers, approving) in [
            (pick(&[0, 1]), pick(&[0, 1]), vec![]),
            (pick(&[1, 2]), pick(&[1, 2]), vec![]),
            (pick(&[0, 1, 2]), pick(&[0, 1]), pick(&[2])),
            (pick(&[0, 1, 3]), pick(&[0, 1]), pick(&[3])),
            (pick(&[0, 1, 2, 3, 4]), pick(&[0, 1]), pick(&[2, 3])),
        ] {
            assert_eq!(step_up.divide(&owners, &signers), (makers, approving), "{signers:?}");
        }
    }

    #[test]
    fn only_what_is_above_needs_approvals() {
        let rules = vec![rule("CNY", 500, 2), rule("HKD", 0, 1)];
        let step_up = StepUp { approvers: pick(&[3, 4]), rules };
        let needed = |amount, asset| {
            step_up.needed(Money::new(Amount(amount), AssetCode::parse(asset).unwrap()))
        };
        assert_eq!([needed(500, "CNY"), needed(501, "CNY")], [0, 2]);
        assert_eq!([needed(1, "HKD"), needed(1_000_000, "USD")], [1, 0]);
    }

    #[test]
    fn what_can_never_be_met_is_a_defect() {
        let owners = KeySet { threshold: 1, keys: pick(&[0, 1]) };
        let step_up = |approvers: &[usize], rules: &[StepUpRule]| StepUp {
            approvers: pick(approvers),
            rules: rules.to_vec(),
        };
        let cny = |approvals| rule("CNY", 0, approvals);
        for (found, is_good) in [
            (step_up(&[3], &[cny(1)]), true),
            (step_up(&[0, 1], &[cny(1)]), true),
            (step_up(&[0, 1], &[cny(2)]), false),
            (step_up(&[0, 1, 3], &[cny(2)]), true),
            (step_up(&[3], &[cny(0)]), false),
            (step_up(&[3], &[cny(2)]), false),
            (step_up(&[], &[cny(1)]), false),
            (step_up(&[3], &[]), false),
            (step_up(&[4, 3], &[cny(1)]), false),
            (step_up(&[3, 3], &[cny(1)]), false),
            (step_up(&[3], &[cny(1), cny(1)]), false),
            (step_up(&[3], &[rule("HKD", 0, 1), cny(1)]), false),
        ] {
            assert_eq!(found.defect(&owners).is_none(), is_good, "{found:?}");
        }
    }
}
