//! The bug: a transaction that a client hands over a second time becomes another one, with another
//! UETR, so the payment is made twice. The rig signs for the client.

use ledger::codec;
use ledger::hash::Hash;
use ledger::ids::Uetr;
use ledger::operation::Operation;
use ledger::transaction::SignedTransaction;
use node::core::step::Input;
use std::collections::BTreeSet;

use super::super::actor::Place;
use super::{Bug, Planted};

/// The bug.
pub(super) const PLANTED: Planted = Planted {
    name: "pays-again",
    spans_epochs: false,
    finders: &["authority", "durable acknowledgements"],
    make: |place| Box::new(PaysAgain { place: place.clone(), taken: BTreeSet::new() }),
};

struct PaysAgain {
    place: Place,
    taken: BTreeSet<Hash>,
}

impl PaysAgain {
    /// The same payments once more, if they are payments of customers alone.
    fn again(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut signed = SignedTransaction::decode(bytes).ok()?;
        let setup = &self.place.setup;
        let first = signed.transaction.id(&setup.domains);
        for operation in &mut signed.transaction.operations {
            let Operation::Pay(pay) = operation else { return None };
            let (head, _) = first.0.split_first_chunk::<16>()?;
            pay.uetr = Uetr::from_entropy(*head);
        }
        let id = signed.transaction.id(&setup.domains);
        let sign = |signer| {
            let owner = setup.customers().find(|one| one.key.public() == signer)?;
            Some(owner.key.sign(&id))
        };
        let signers = signed.transaction.signers.iter().copied();
        signed.signatures = signers.map(sign).collect::<Option<_>>()?;
        Some(codec::encode(&signed))
    }
}

impl Bug for PaysAgain {
    fn input(&mut self, mut input: Input) -> Vec<Input> {
        if let Input::Submit { bytes, .. } = &mut input
            && let Ok(signed) = SignedTransaction::decode(bytes)
            && !self.taken.insert(signed.transaction.id(&self.place.setup.domains))
            && let Some(again) = self.again(bytes)
        {
            *bytes = again;
        }
        vec![input]
    }
}
