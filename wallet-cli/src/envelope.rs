//! Transactions as this wallet makes them.
//!
//! Invariants: a transaction that only asks (a simulation) carries no valid signature, so that
//! nobody can execute it. Absent: operations (the commands make them).

use ledger::crypto::{PublicKey, SecretKey, Signature, Suite};
use ledger::ids::Timestamp;
use ledger::operation::Operation;
use ledger::transaction::{SignedTransaction, Transaction};

use crate::profile::Chain;

/// How far this machine's clock may be ahead of the chain's, in milliseconds.
const CLOCK_SKEW: u64 = 60_000;

/// A transaction of one operation, valid from a minute ago for the usual time.
pub(crate) fn transaction(
    chain: &Chain,
    now: Timestamp,
    operation: Operation,
    signers: Vec<PublicKey>,
) -> Transaction {
    lasting(chain, (now, Transaction::USUAL_VALIDITY), operation, signers)
}

/// The same, for so many milliseconds from `now`; at most what the ledger takes.
pub(crate) fn lasting(
    chain: &Chain,
    (now, validity): (Timestamp, u64),
    operation: Operation,
    mut signers: Vec<PublicKey>,
) -> Transaction {
    let valid_from = now.minus(CLOCK_SKEW);
    let latest = valid_from.plus(Transaction::MAXIMUM_VALIDITY);
    signers.sort_unstable();
    signers.dedup();
    Transaction {
        suite: Suite::Ed25519Blake3,
        chain_id: chain.id,
        valid_from,
        valid_until: now.plus(validity).min(latest),
        operations: vec![operation],
        atomic: true,
        signers,
    }
}

/// The transaction with void signatures: to be simulated, never to be executed.
pub(crate) fn unsigned(transaction: Transaction) -> SignedTransaction {
    let signatures = vec![Signature([0; 64]); transaction.signers.len()];
    SignedTransaction { transaction, signatures }
}

/// Signs with `keys`, which are the transaction's signers in any order.
pub(crate) fn sign(
    chain: &Chain,
    transaction: Transaction,
    keys: &[SecretKey],
) -> SignedTransaction {
    let id = transaction.id(&chain.domains());
    let signature = |signer: &PublicKey| {
        keys.iter().find(|key| key.public() == *signer).map(|key| key.sign(&id))
    };
    let signatures = transaction.signers.iter().filter_map(signature).collect();
    SignedTransaction { transaction, signatures }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::hash::{ChainId, Hash};
    use ledger::ids::{AccountId, InstitutionNumber, Network};
    use ledger::transaction::verify_all;

    fn chain() -> Chain {
        Chain { network: Network::Devnet, id: ChainId(Hash([7; 32])) }
    }

    fn keys() -> Vec<SecretKey> {
        [9, 4].map(|seed| SecretKey::from_seed(Suite::Ed25519Blake3, [seed; 32])).to_vec()
    }

    fn sample() -> Transaction {
        let account = AccountId::new(InstitutionNumber(1), [0; 12]);
        let signers = keys().iter().map(SecretKey::public).collect();
        transaction(&chain(), Timestamp(1_000_000), Operation::Unfreeze { account }, signers)
    }

    #[test]
    fn a_signed_transaction_passes_the_ledgers_check() {
        let signed = sign(&chain(), sample(), &keys());
        assert!(verify_all(&chain().domains(), vec![signed])[0].is_ok());
    }

    #[test]
    fn a_simulation_can_never_execute() {
        let asked = unsigned(sample());
        assert_eq!(asked.signatures.len(), asked.transaction.signers.len());
        assert!(verify_all(&chain().domains(), vec![asked])[0].is_err());
    }
}
