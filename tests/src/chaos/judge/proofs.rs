//! Judge: a proof from any node shows, to a verifier that trusts the chain id alone, that the
//! payment settled in the block that its client was told.

use std::collections::BTreeMap;

use super::{Case, Verdict};
use crate::chaos::history::Ending;

pub(super) fn judge(case: &Case<'_>) -> Verdict {
    let endings = case.history.payments.iter();
    let endings: BTreeMap<&str, Ending> =
        endings.map(|payment| (payment.uetr.as_str(), payment.ending)).collect();
    let mut verdict = Verdict::default();
    for testimony in case.testimonies {
        for proved in &testimony.proofs {
            let told = match endings.get(proved.uetr.as_str()) {
                Some(Ending::Settled(block)) => Some(*block),
                Some(Ending::NotPaid | Ending::Unknown) | None => None,
            };
            let is_right = told.is_some() && told == proved.block.as_ref().ok().copied();
            verdict.check(is_right, || {
                format!("{}: {proved:?}, its client was told {told:?}", testimony.node)
            });
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::chaos::judge::world::World;

    #[test]
    fn a_proof_that_fails_or_proves_otherwise_is_found() {
        let verdict = judge(&World::new().case());
        assert_eq!((verdict.checked, verdict.violations.len()), (4, 0));
        for block in [Ok(77), Err("its checksum does not fit".to_owned())] {
            let mut world = World::new();
            world.testimonies[1].proofs[0].block = block;
            assert_eq!(judge(&world.case()).violations.len(), 1);
        }
    }
}
