//! The simulated chain: its banks, their keys, and the genesis block.
//!
//! Invariants: everything follows from the number of banks and the suite; bank i holds seat i, is
//! institution i + 1 and, in epoch 0, validator i. Absent: what happens to the chain.

use consensus::Timing;
use ledger::account::{Institution, KeySet, NodeRecord, Roles};
use ledger::chain::Tip;
use ledger::crypto::{SecretKey, Suite};
use ledger::genesis::{GenesisDocument, Member, MemberValidator, Parameters};
use ledger::hash::Domains;
use ledger::ids::{AccountId, AssetCode, Bic, InstitutionNumber, Network, Timestamp};
use ledger::validators::ValidatorSet;
use node::core::admission::AdmissionLimits;
use node::core::{CoreConfig, SnapshotSettings};
use std::sync::{Arc, Mutex, PoisonError};

/// How a peer is named to a core.
pub type Peer = InstitutionNumber;

/// The peer that holds a seat.
pub fn peer_at(seat: usize) -> Peer {
    InstitutionNumber(u32::try_from(seat).unwrap_or(u32::MAX).saturating_add(1))
}

/// The seat of a peer.
pub fn seat_of(peer: Peer) -> usize {
    usize::try_from(peer.0).unwrap_or(usize::MAX).saturating_sub(1)
}

/// An account of a bank, and its owner's key.
#[derive(Clone, Debug)]
pub struct Owned {
    /// The account.
    pub account: AccountId,
    /// The owner's key.
    pub key: SecretKey,
}

/// A bank of the simulation.
#[derive(Clone, Debug)]
pub struct Bank {
    /// Its number.
    pub number: InstitutionNumber,
    /// Its operators' key.
    pub operator: SecretKey,
    /// The key that signs its votes, proposals and batches from genesis on.
    pub voting: SecretKey,
    /// The keys that it may have later.
    pub spare: Vec<SecretKey>,
    /// Its customers.
    pub accounts: Vec<Owned>,
    /// Where its node is.
    pub node: NodeRecord,
}

impl Bank {
    /// All its voting keys, the first one first.
    pub fn voting_keys(&self) -> impl Iterator<Item = &SecretKey> {
        [&self.voting].into_iter().chain(&self.spare)
    }
}

/// What a whole simulation shares.
#[derive(Debug)]
pub struct Setup {
    /// The genesis document.
    pub genesis: GenesisDocument,
    /// The hash keys of the chain.
    pub domains: Domains,
    /// The validators of epoch 0.
    pub validators: ValidatorSet,
    /// The genesis block, executed.
    pub first: Tip,
    /// The banks, by seat.
    pub banks: Vec<Bank>,
    /// The times of consensus.
    pub timing: Timing,
}

impl Setup {
    /// The virtual clock's start: 2023-11-14T22:13:20Z.
    pub const EPOCH: u64 = 1_700_000_000_000;

    /// Customers per bank.
    const CUSTOMERS: usize = 2;

    /// Voting keys per bank beside the first.
    const SPARE_KEYS: usize = 3;

    /// The asset in which the simulation pays; bank 0 issues it.
    ///
    /// # Panics
    /// Never: the code is well formed.
    pub fn asset() -> AssetCode {
        AssetCode::parse("CNY").expect("the code is well formed")
    }

    /// The chain of `count` banks, made once per program.
    ///
    /// # Panics
    /// If `count` is not 1 to 20.
    pub fn of(count: usize, suite: Suite) -> Arc<Self> {
        type Made = Vec<(usize, Suite, Arc<Setup>)>;
        static MADE: Mutex<Made> = Mutex::new(Vec::new());
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let known = made.iter().find(|(n, s, _)| (*n, *s) == (count, suite));
        if let Some((_, _, setup)) = known {
            return Arc::clone(setup);
        }
        let setup = Arc::new(Self::make(count, suite));
        made.push((count, suite, Arc::clone(&setup)));
        setup
    }

    fn make(count: usize, suite: Suite) -> Self {
        assert!((1..=20).contains(&count), "a simulation has 1 to 20 banks");
        let banks: Vec<_> = (0_u8..).take(count).map(|seat| bank(seat, suite)).collect();
        let members = (0_u8..).zip(&banks).map(|(seat, bank)| member(seat, bank, suite));
        let genesis = GenesisDocument {
            suite,
            network: Network::Devnet,
            name: "simulation".to_owned(),
            time: Timestamp(Self::EPOCH - 1),
            parameters: Parameters::USUAL,
            members: members.collect(),
        };
        let first = Tip::genesis(&genesis).expect("the genesis document is sound").tip;
        let parameters = genesis.parameters;
        let timing = Timing {
            heartbeat_ms: u64::from(parameters.heartbeat_ms),
            clock_bound_ms: u64::from(parameters.clock_bound_ms),
            ..Timing::default()
        };
        let validators = genesis.validators().expect("the validators make a set");
        Self { domains: genesis.domains(), validators, first, banks, timing, genesis }
    }

    /// How the core at `seat` is configured.
    ///
    /// # Panics
    /// If there is no such seat.
    pub fn config(&self, seat: usize) -> CoreConfig {
        CoreConfig {
            domains: self.domains.clone(),
            institution: self.genesis.members[seat].institution.bic,
            voting_keys: self.banks[seat].voting_keys().cloned().collect(),
            timing: self.timing,
            limits: AdmissionLimits::default(),
            snapshots: SnapshotSettings::default(),
        }
    }

    /// All customers of all banks.
    pub fn customers(&self) -> impl Iterator<Item = &Owned> {
        self.banks.iter().flat_map(|bank| &bank.accounts)
    }
}

fn key(suite: Suite, seat: u8, role: u8) -> SecretKey {
    let mut seed = [7; 32];
    [seed[0], seed[1]] = [seat, role];
    SecretKey::from_seed(suite, seed)
}

fn bank(seat: u8, suite: Suite) -> Bank {
    let number = InstitutionNumber(u32::from(seat) + 1);
    let customer = |place: u8| {
        let mut id = [0; 12];
        id[11] = place;
        Owned { account: AccountId::new(number, id), key: key(suite, seat, 16 + place) }
    };
    let places = (0_u8..).take(Setup::CUSTOMERS);
    let spare = (0_u8..).take(Setup::SPARE_KEYS);
    Bank {
        number,
        operator: key(suite, seat, 0),
        voting: key(suite, seat, 1),
        spare: spare.map(|place| key(suite, seat, 32 + place)).collect(),
        accounts: places.map(customer).collect(),
        node: NodeRecord {
            node_key: key(suite, seat, 3).public(),
            address: format!("127.0.0.1:{}", 7_000 + u16::from(seat)),
        },
    }
}

fn member(seat: u8, bank: &Bank, suite: Suite) -> Member {
    let letter = char::from(b'A' + seat);
    let bic = Bic::parse(&format!("SIM{letter}CNBJ")).expect("the BIC is well formed");
    let institution = Institution {
        bic,
        name: format!("Bank {letter}"),
        operators: KeySet::single(bank.operator.public()),
        compliance: key(suite, seat, 2).public(),
        roles: Roles { validator: true, issuer: seat == 0, dealer: false },
    };
    let validator = MemberValidator {
        voting_key: bank.voting.public(),
        node_key: bank.node.node_key,
        address: bank.node.address.clone(),
    };
    Member { institution, validator: Some(validator) }
}
