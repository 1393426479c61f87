//! A ledger in memory with some accounts: blocks are built as a leader builds them.

use std::time::{Duration, Instant};

use ledger::{
    account::{Institution, KeySet, Policy, Roles},
    certificate::{Certificate, Vote, VoteKind, VoteSubject},
    chain::{Executed, Tip},
    codec,
    crypto::{SecretKey, Suite},
    execute::execute,
    genesis::{GenesisDocument, Member, MemberValidator, Parameters},
    hash::{ChainId, Domains, Hash},
    ids::{AccountId, AssetCode, Bic, InstitutionNumber, Network, Timestamp, Uetr, ValidatorIndex},
    light::Progress,
    merkle,
    money::{Amount, Decimals, Money},
    operation::{AssetKind, ChargeBearer, Operation, Pay, PaymentTerms},
    proof::{Claim, Position, Proof, Statement},
    state::{State, StateKey},
    transaction::{SignedTransaction, Transaction, VerifiedTransaction, verify_all},
    tree::Tree,
};

const SUITE: Suite = Suite::Ed25519Blake3;
const START: Timestamp = Timestamp(1_795_000_000_000);
const BANK: InstitutionNumber = InstitutionNumber(1);
const BICS: [&str; 4] = ["DBSSSGSG", "HSBCHKHH", "ICBKCNBJ", "PSBCCNBJ"];

/// Owners are fewer than accounts where there are many of these: making keys would take longer than
/// all that is measured.
const OWNERS: u64 = 10_000;

/// How many opening transactions one block takes.
const ORDERS_IN_BLOCK: usize = 16;

/// What keys are for; part of their seeds.
const OPERATOR: u8 = 1;
const VOTING: u8 = 2;
const OWNER: u8 = 3;

/// The ledger.
pub(crate) struct World {
    genesis: GenesisDocument,
    domains: Domains,
    asset: AssetCode,
    last: Executed,
    accounts: u64,
    next: u64,
}

impl World {
    /// A ledger with so many funded accounts; none if it refuses its own opening.
    pub(crate) fn new(accounts: usize) -> Option<Self> {
        let genesis = genesis()?;
        let last = Tip::genesis(&genesis).ok()?;
        let accounts = u64::try_from(accounts).ok()?;
        let asset = AssetCode::parse("CNY").ok()?;
        let domains = genesis.domains();
        let mut world = Self { domains, genesis, asset, last, accounts, next: 0 };
        let operator = key(OPERATOR, 0);
        let register = Operation::RegisterAsset {
            code: asset,
            kind: AssetKind::Currency,
            decimals: Decimals(2),
            issuer: BANK,
        };
        let mut orders = vec![vec![register]];
        let numbers: Vec<u64> = (0..accounts).collect();
        for part in numbers.chunks(Transaction::MAXIMUM_OPERATIONS / 2) {
            let mut operations = Vec::new();
            for number in part {
                let policy = Policy::single(owner(*number).public());
                operations.push(Operation::OpenAccount {
                    account: account(*number),
                    policy,
                    tier: 1,
                });
            }
            for number in part {
                let (uetr, to) = (world.uetr(), account(*number));
                operations.push(Operation::Issue { uetr, to, amount: world.money(1_000_000_000) });
            }
            orders.push(operations);
        }
        for part in orders.chunks(ORDERS_IN_BLOCK) {
            let part = part.iter().map(|operations| world.sign(&operator, operations.clone()));
            let part = part.collect();
            world.build(part)?;
        }
        Some(world)
    }

    pub(crate) const fn domains(&self) -> &Domains {
        &self.domains
    }

    /// The state after the last block.
    pub(crate) const fn state(&self) -> &State {
        self.last.tip.state()
    }

    /// Signed payments between the accounts, each in a transaction of its own; spread over all of
    /// them, and over others each time.
    pub(crate) fn payments(&mut self, count: usize) -> Vec<SignedTransaction> {
        let mut signed = Vec::with_capacity(count);
        let payments = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        let stride = (self.accounts / payments).max(1);
        let first = self.next / payments % stride;
        let numbers = (0..payments).map(|place| (first + place * stride) % self.accounts);
        for number in numbers.collect::<Vec<_>>() {
            let terms = PaymentTerms {
                charge_bearer: ChargeBearer::Shared,
                maximum_fee: Amount::ZERO,
                purpose: [0; 4],
                remittance: Hash::ZERO,
            };
            let pay = Operation::Pay(Pay {
                uetr: self.uetr(),
                from: account(number),
                to: account((number + 7) % self.accounts),
                amount: self.money(100),
                terms,
            });
            signed.push(self.sign(&owner(number), vec![pay]));
        }
        signed
    }

    /// Builds a block of so many payments; gives how long that took without verification.
    pub(crate) fn execute(&mut self, count: usize) -> Option<Duration> {
        let signed = self.payments(count);
        self.build(signed)
    }

    /// Executes so many payments, and then builds their block. Gives how long the rules and the
    /// state map took, and how long the whole block did.
    pub(super) fn execute_twice(&mut self, count: usize) -> Option<(Duration, Duration)> {
        let signed = self.payments(count);
        let verified = verify_all(&self.domains, signed.clone());
        let verified: Vec<_> = verified.into_iter().collect::<Result<_, _>>().ok()?;
        let tip = self.last.tip.clone();
        let time = tip.header().time.plus(1);
        let start = Instant::now();
        let execution = execute(tip.state(), tip.height().next(), time, &verified);
        let took = start.elapsed();
        drop(execution);
        Some((took, self.build(signed)?))
    }

    /// Puts the last block's changed records into a map of all records, alone. Gives how many they
    /// are, and how long each of some rounds took.
    pub(super) fn update_map(&self, rounds: usize) -> (usize, Vec<Duration>) {
        let mut map = Tree::new();
        let entries: Vec<_> =
            self.state().entries().map(|(key, value)| (key, value.to_vec())).collect();
        let all = entries.iter().map(|(key, value)| (key.as_slice(), Some(value.as_slice())));
        map.update(&self.domains, all);
        let times = (0..rounds).map(|_| {
            // As in a node, where the parent's map is kept.
            let mut child = map.clone();
            let start = Instant::now();
            child.update(&self.domains, self.last.changes.entries());
            start.elapsed()
        });
        (self.last.changes.entries().count(), times.collect())
    }

    /// The path of the last block's first receipt, made as a node makes it; its bytes.
    pub(super) fn receipt_path(&self) -> Option<usize> {
        let path = merkle::prove(&self.domains, &self.last.leaves, 0)?;
        Some(codec::encode(&path).len())
    }

    /// The path of the first account's holding in the state; its bytes.
    pub(super) fn holding_path(&self) -> usize {
        codec::encode(&self.state().prove(&StateKey::Holding(account(0), self.asset))).len()
    }

    /// A proof of the first account's holding, and the chain to verify it against.
    pub(super) fn holding_proof(&self) -> (Proof, ChainId) {
        (self.holding(), self.domains.chain_id())
    }

    /// A proof of the last block's first payment, and the chain to verify it against.
    pub(crate) fn proof(&self) -> Option<(Proof, ChainId)> {
        let receipt = self.last.booked.first()?.receipt.clone();
        let path = merkle::prove(&self.domains, &self.last.leaves, 0)?;
        Some((self.certified(Claim::Payment { receipt, path }), self.domains.chain_id()))
    }

    /// A statement of the first account over one block of so many payments, and the chain to verify
    /// it against.
    pub(crate) fn statement(&mut self, count: usize) -> Option<(Statement, ChainId)> {
        let opening = Some(self.holding());
        self.execute(count)?;
        let key = (account(0), self.asset);
        let entries = self.last.booked.iter().flat_map(|booked| &booked.entries);
        let entries = entries.filter(|(holding, _)| *holding == key).map(|(_, entry)| *entry);
        let position = Position { opening, entries: entries.collect(), closing: self.holding() };
        Some((Statement { positions: vec![position] }, self.domains.chain_id()))
    }

    /// A proof of the first account's holding after the last block.
    fn holding(&self) -> Proof {
        let (account, asset, state) = (account(0), self.asset, self.state());
        let holding = state.holding(account, asset);
        let path = state.prove(&StateKey::Holding(account, asset));
        self.certified(Claim::Holding { account, asset, holding, path })
    }

    /// A proof of what is claimed of the last block.
    fn certified(&self, claim: Claim) -> Proof {
        let header = self.last.block.header.clone();
        let block = header.hash(&self.domains);
        let kind = VoteKind::Finalize;
        let subject = VoteSubject { epoch: header.epoch, view: header.view, kind, block };
        let votes = (0..3).map(|index| {
            let validator = ValidatorIndex(index);
            let key = key(VOTING, u64::from(index));
            (validator, Vote::sign(&self.domains, &key, validator, subject).signature)
        });
        let certificate = Certificate::assemble(subject, BICS.len(), votes);
        let progress = Progress { epochs: Vec::new(), header, certificate };
        Proof { claim, ancestor: None, progress, genesis: self.genesis.clone() }
    }

    /// Builds the next block; none if anything in it is refused.
    fn build(&mut self, signed: Vec<SignedTransaction>) -> Option<Duration> {
        let verified = verify_all(&self.domains, signed);
        let verified: Vec<VerifiedTransaction> =
            verified.into_iter().collect::<Result<_, _>>().ok()?;
        let tip = self.last.tip.clone();
        let (view, cut) = (tip.header().view.next(), tip.cut().clone());
        let start = Instant::now();
        let executed = tip.build(view, ValidatorIndex(0), START, cut, &verified);
        let took = start.elapsed();
        let good = executed.booked.iter().all(|one| one.receipt.outcome.rejection().is_none());
        self.last = executed;
        good.then_some(took)
    }

    fn sign(&self, key: &SecretKey, operations: Vec<Operation>) -> SignedTransaction {
        let transaction = Transaction {
            suite: SUITE,
            chain_id: self.domains.chain_id(),
            valid_from: START,
            valid_until: START.plus(Transaction::USUAL_VALIDITY),
            operations,
            atomic: false,
            signers: vec![key.public()],
        };
        let signatures = vec![key.sign(&transaction.id(&self.domains))];
        SignedTransaction { transaction, signatures }
    }

    fn uetr(&mut self) -> Uetr {
        self.next += 1;
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&self.next.to_be_bytes());
        Uetr::from_entropy(bytes)
    }

    const fn money(&self, amount: u128) -> Money {
        Money::new(Amount(amount), self.asset)
    }
}

fn key(role: u8, number: u64) -> SecretKey {
    let mut seed = [role; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    SecretKey::from_seed(SUITE, seed)
}

fn owner(number: u64) -> SecretKey {
    key(OWNER, number % OWNERS)
}

fn account(number: u64) -> AccountId {
    // Customers' numbers are spread as hashes are, or else the state map would be a favourable one.
    let mut customer = [0; 12];
    customer[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    AccountId::new(BANK, customer)
}

fn genesis() -> Option<GenesisDocument> {
    let member = |(number, bic): (u64, &str)| {
        let institution = Institution {
            bic: Bic::parse(bic).ok()?,
            name: bic.to_owned(),
            operators: KeySet::single(key(OPERATOR, number).public()),
            compliance: key(4, number).public(),
            roles: Roles { validator: true, issuer: true, dealer: true },
        };
        let validator = MemberValidator {
            voting_key: key(VOTING, number).public(),
            node_key: key(5, number).public(),
            address: format!("127.0.0.1:{}", number + 1),
        };
        Some(Member { institution, validator: Some(validator) })
    };
    Some(GenesisDocument {
        suite: SUITE,
        network: Network::Devnet,
        name: "bench".to_owned(),
        time: START,
        parameters: Parameters::USUAL,
        members: (0..).zip(BICS).map(member).collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::World;

    #[test]
    fn its_blocks_and_proofs_hold() {
        let mut world = World::new(50).unwrap();
        assert!(world.execute(100).is_some());
        let (proof, chain) = world.proof().unwrap();
        assert_eq!(proof.verify(chain).unwrap().signers, 3);
        let (statement, chain) = world.statement(100).unwrap();
        assert_eq!(statement.verify(chain).unwrap().positions[0].lines.len(), 4);
    }
}
