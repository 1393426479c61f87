//! The signer under many threads: whoever asks, and in whatever order, one place gets one vote.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use consensus::signer::Signer;
use consensus::{Identity, Output, Record};
use ledger::certificate::VoteKind;
use ledger::crypto::{SecretKey, Suite};
use ledger::hash::{ChainId, Domains, Hash};
use ledger::ids::{Epoch, ValidatorIndex, View};

const THREADS: u8 = 64;

#[test]
fn r10_64_threads_that_ask_for_two_votes_at_one_place_get_one_signature() {
    let suite = Suite::Ed25519Blake3;
    let domains = Domains::new(suite, ChainId(Hash([1; 32])));
    let key = SecretKey::from_seed(suite, [7; 32]);
    for kind in [VoteKind::Notarize, VoteKind::Finalize] {
        let identity = Identity { index: ValidatorIndex(0), key: key.clone() };
        let signer = Signer::new(domains.clone(), Epoch(0), identity, View(0), View(0));
        let shared = Arc::new((Mutex::new(signer), Barrier::new(usize::from(THREADS))));
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    let (signer, start) = &*shared;
                    let block = Hash([1 + number % 2; 32]);
                    start.wait();
                    let mut outputs = Vec::new();
                    let mut signer = signer.lock().expect("no thread fails");
                    let vote = signer.sign(View(3), kind, block, None, &mut outputs).ok();
                    vote.map(|vote| {
                        assert_eq!(outputs, [Output::Persist(Record::Vote(*vote))]);
                        vote.signature.0
                    })
                })
            })
            .collect();
        let answers: Vec<_> =
            threads.into_iter().map(|thread| thread.join().expect("it ends")).collect();
        let signatures: BTreeSet<_> = answers.iter().flatten().collect();
        assert_eq!(signatures.len(), 1, "one place, one vote");
        assert_eq!(answers.iter().flatten().count(), usize::from(THREADS) / 2);
    }
}
