//! A world: one chain of the real ledger, with four banks that certify every block.

use api::account::{AccountView, EntryView, HistoryPage};
use api::chain::{AssetView, InstitutionView};
use api::private::PrivateRequest;
use api::problem::Problem;
use api::receipt::ReceiptView;
use api::text::Naming;
use api::transaction::ApprovalView;
use ledger::account::{Entry, HoldingKey, Institution, KeySet, Policy, Roles};
use ledger::block::{Cut, Header};
use ledger::certificate::{Certificate, Vote, VoteKind, VoteSubject};
use ledger::chain::{Executed, Tip};
use ledger::crypto::{SecretKey, Suite};
use ledger::execute::{Simulation, approvals};
use ledger::genesis::{GenesisDocument, Member, MemberValidator, Parameters};
use ledger::hash::Domains;
use ledger::ids::{
    AccountId, AssetCode, Bic, InstitutionNumber, Network, Timestamp, Uetr, ValidatorIndex, View,
};
use ledger::light::Progress;
use ledger::merkle;
use ledger::money::{Amount, Decimals, Money, Rate};
use ledger::operation::{AssetKind, Operation};
use ledger::proof::{Claim, Proof};
use ledger::quote::{Quote, SignedQuote};
use ledger::receipt::Receipt;
use ledger::rejection::Rejection;
use ledger::state::StateKey;
use ledger::transaction::{SignedTransaction, Transaction, TransactionId, verify_all};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

const SUITE: Suite = Suite::Ed25519Blake3;

/// The banks, by their numbers from 1.
pub(crate) const BICS: [&str; 4] = ["DBSSSGSG", "HSBCHKHH", "ICBKCNBJ", "PSBCCNBJ"];

/// Secret keys of the world: operators, compliance, validators, nodes, owners.
pub(crate) fn key(role: u8, index: u8) -> SecretKey {
    let mut seed = [role; 32];
    seed[0] = index;
    SecretKey::from_seed(SUITE, seed)
}

/// The owner's key of an account.
pub(crate) fn owner(name: &str) -> SecretKey {
    key(5, name.len() as u8 ^ name.as_bytes()[0])
}

/// The account `name` at a bank.
pub(crate) fn account(name: &str) -> AccountId {
    let bank = match name {
        "wei" => 4,
        "lee" => 2,
        _ => 1,
    };
    let mut customer = [0; 12];
    customer[..name.len()].copy_from_slice(name.as_bytes());
    AccountId::new(InstitutionNumber(bank), customer)
}

pub(crate) fn asset(code: &str) -> AssetCode {
    AssetCode::parse(code).unwrap()
}

pub(crate) fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64)
}

/// One chain.
pub(crate) struct World {
    pub(crate) domains: Domains,
    pub(crate) network: Network,
    genesis: GenesisDocument,
    tip: Tip,
    /// The chain as it began, for a node that is left behind.
    start: Tip,
    /// Another block at the height of the last one, which the same banks certify.
    fork: Option<Tip>,
    /// Receipts and proofs by transaction, with block height and time.
    outcomes: BTreeMap<TransactionId, (Receipt, Header, Vec<u8>)>,
    /// Quotes handed out so far.
    quotes: u64,
    /// Every entry that was booked, oldest first, with its block's time.
    entries: Vec<(HoldingKey, Entry, Timestamp)>,
    /// What wallets have handed over, by payment.
    pub(crate) handed: BTreeMap<String, PrivateRequest>,
}

impl World {
    /// Four banks; CNY and HKD; `wei` with 1,000.00 CNY, `lee` with nothing, `dealer` with HKD.
    pub(crate) fn new(network: Network) -> Self {
        let genesis = genesis(network);
        let domains = genesis.domains();
        let tip = Tip::genesis(&genesis).unwrap().tip;
        let mut world = Self {
            domains,
            network,
            genesis,
            start: tip.clone(),
            tip,
            fork: None,
            outcomes: BTreeMap::new(),
            quotes: 0,
            entries: Vec::new(),
            handed: BTreeMap::new(),
        };
        world.found();
        world.start = world.tip.clone();
        world
    }

    fn found(&mut self) {
        let register = |code, issuer| Operation::RegisterAsset {
            code: asset(code),
            kind: AssetKind::Currency,
            decimals: Decimals(2),
            issuer: InstitutionNumber(issuer),
        };
        let open = |name| Operation::OpenAccount {
            account: account(name),
            policy: Policy::single(owner(name).public()),
            tier: 1,
        };
        let issue = |number, name, amount, code| Operation::Issue {
            uetr: Uetr::from_entropy([number; 16]),
            to: account(name),
            amount: Money::new(Amount(amount), asset(code)),
        };
        let operations = vec![
            register("CNY", 4),
            register("HKD", 2),
            open("wei"),
            open("lee"),
            open("dealer"),
            issue(1, "wei", 100_000, "CNY"),
            issue(2, "dealer", 1_000_000, "HKD"),
        ];
        let keys: Vec<SecretKey> = (1..=4).map(|bank| key(1, bank)).collect();
        let signed = self.sign(operations, &keys);
        let executed = self.execute(signed);
        assert!(executed.booked.iter().all(|b| b.receipt.outcome.rejection().is_none()));
    }

    /// The chain id's text.
    pub(crate) fn chain_id(&self) -> String {
        api::text::chain_id(self.network, self.domains.chain_id())
    }

    /// Signs operations, valid now.
    pub(crate) fn sign(&self, operations: Vec<Operation>, keys: &[SecretKey]) -> SignedTransaction {
        let mut signers: Vec<_> = keys.iter().map(SecretKey::public).collect();
        signers.sort_unstable();
        let transaction = Transaction {
            suite: SUITE,
            chain_id: self.domains.chain_id(),
            valid_from: now().minus(60_000),
            valid_until: now().plus(600_000),
            operations,
            atomic: false,
            signers,
        };
        self.resign(transaction, keys)
    }

    /// Signs a transaction anew.
    pub(crate) fn resign(&self, transaction: Transaction, keys: &[SecretKey]) -> SignedTransaction {
        let id = transaction.id(&self.domains);
        let signature = |signer| keys.iter().find(|k| k.public() == signer).unwrap().sign(&id);
        let signatures = transaction.signers.iter().map(|signer| signature(*signer)).collect();
        SignedTransaction { transaction, signatures }
    }

    fn execute(&mut self, signed: SignedTransaction) -> Executed {
        let verified = verify_all(&self.domains, vec![signed]).remove(0).unwrap();
        let time = now().max(self.tip.header().time.plus(1));
        let view = View(self.tip.height().0 + 1);
        let executed = self.tip.build(view, ValidatorIndex(0), time, Cut::empty(4), [&verified]);
        self.tip = executed.tip.clone();
        let booked = executed.booked.iter().flat_map(|booked| &booked.entries);
        self.entries.extend(booked.map(|(holding, entry)| (*holding, *entry, time)));
        executed
    }

    /// Makes an empty block, so that the chain's time is now.
    pub(crate) fn beat(&mut self) {
        let time = now().max(self.tip.header().time.plus(1));
        let view = View(self.tip.height().0 + 1);
        let other = time.plus(1);
        let fork = self.tip.build(view, ValidatorIndex(0), other, Cut::empty(4), []).tip;
        self.fork = Some(fork);
        self.tip = self.tip.build(view, ValidatorIndex(0), time, Cut::empty(4), []).tip;
    }

    /// Executes a client's transaction, or finds the receipt of the same bytes; with its proof.
    pub(crate) fn submit(&mut self, bytes: &[u8]) -> Result<ReceiptView, Box<Problem>> {
        let refused = |error| Box::new(Problem::envelope(&error));
        let signed = SignedTransaction::decode(bytes).map_err(refused)?;
        let id = signed.transaction.id(&self.domains);
        if !self.outcomes.contains_key(&id) {
            if signed.transaction.valid_until < now() {
                return Err(Box::new(Problem::rejected(Rejection::Expired)));
            }
            verify_all(&self.domains, vec![signed.clone()]).remove(0).map_err(refused)?;
            let executed = self.execute(signed);
            let receipt = executed.booked[0].receipt.clone();
            let path = merkle::prove(&self.domains, &executed.leaves, 0).unwrap();
            let claim = Claim::Payment { receipt: receipt.clone(), path };
            let header = executed.block.header.clone();
            let progress = self.progress(&header);
            let genesis = self.genesis.clone();
            let proof = Proof { claim, ancestor: None, progress, genesis }.encode();
            self.outcomes.insert(id, (receipt, header, proof));
        }
        let (receipt, header, proof) = &self.outcomes[&id];
        let place = Some((header.height, header.time));
        let mut view = ReceiptView::new(receipt, place, &self.naming());
        view.proof = receipt.uetr.is_some().then(|| api::text::base64(proof));
        Ok(view)
    }

    fn progress(&self, header: &Header) -> Progress {
        let subject = VoteSubject {
            epoch: header.epoch,
            view: header.view,
            kind: VoteKind::Finalize,
            block: header.hash(&self.domains),
        };
        let votes = (0_u16..3).map(|index| {
            let validator = ValidatorIndex(index);
            let vote = Vote::sign(&self.domains, &key(3, index as u8 + 1), validator, subject);
            (validator, vote.signature)
        });
        let certificate = Certificate::assemble(subject, 4, votes);
        Progress { epochs: Vec::new(), header: header.clone(), certificate }
    }

    /// The proof of a payment.
    pub(crate) fn proof(&self, uetr: &str) -> Option<Vec<u8>> {
        let is_it = |receipt: &Receipt| receipt.uetr.is_some_and(|id| id.to_string() == uetr);
        let found = self.outcomes.values().find(|(receipt, ..)| is_it(receipt));
        found.map(|(.., proof)| proof.clone())
    }

    /// The proof of an account's holding after the last block.
    pub(crate) fn holding_proof(&self, address: &str, code: &str) -> Vec<u8> {
        let account = AccountId::parse(self.network, address).unwrap();
        let (asset, state) = (asset(code), self.tip.state());
        let claim = Claim::Holding {
            account,
            asset,
            holding: state.holding(account, asset),
            path: state.prove(&StateKey::Holding(account, asset)),
        };
        let progress = self.progress(self.tip.header());
        Proof { claim, ancestor: None, progress, genesis: self.genesis.clone() }.encode()
    }

    /// The proof of an account's record after the last block.
    pub(crate) fn account_proof(&self, address: &str) -> Vec<u8> {
        self.account_proof_after(&self.tip, address)
    }

    /// The same after the chain's first block.
    pub(crate) fn old_account_proof(&self, address: &str) -> Vec<u8> {
        self.account_proof_after(&self.start, address)
    }

    /// The same after another block of the last one's height.
    pub(crate) fn forked_account_proof(&self, address: &str) -> Vec<u8> {
        self.account_proof_after(self.fork.as_ref().unwrap_or(&self.tip), address)
    }

    fn account_proof_after(&self, tip: &Tip, address: &str) -> Vec<u8> {
        let account = AccountId::parse(self.network, address).unwrap();
        let state = tip.state();
        let (record, path) = (state.account(account), state.prove(&StateKey::Account(account)));
        let progress = self.progress(tip.header());
        let claim = Claim::Account { account, record, path };
        Proof { claim, ancestor: None, progress, genesis: self.genesis.clone() }.encode()
    }

    /// What a transaction would do, and whose approvals it needs.
    pub(crate) fn simulate(&self, bytes: &[u8]) -> (ReceiptView, Vec<ApprovalView>) {
        let signed = SignedTransaction::decode(bytes).unwrap();
        let Ok(Simulation::Outcome { receipts, .. }) =
            self.tip.simulate(now(), &signed.transaction)
        else {
            panic!("a transaction that was executed already");
        };
        let naming = self.naming();
        let approvals = approvals(self.tip.state(), &signed.transaction);
        let approvals = approvals.iter().map(|needed| ApprovalView::new(needed, &naming));
        (ReceiptView::new(&receipts[0], None, &naming), approvals.collect())
    }

    /// The dealer's offer: 1 CNY is 1.085 HKD.
    pub(crate) fn quote(&mut self) -> SignedQuote {
        self.quotes += 1;
        let quote = Quote {
            dealer: account("dealer"),
            sell: asset("CNY"),
            buy: asset("HKD"),
            rate: Rate::parse("1.085").unwrap(),
            minimum: Amount(1),
            maximum: Amount(1_000_000),
            expires: now().plus(30_000),
            nonce: self.quotes,
        };
        SignedQuote::sign(&self.domains, &owner("dealer"), quote)
    }

    /// The height and time of the last block.
    pub(crate) fn last(&self) -> (u64, Timestamp) {
        (self.tip.height().0, self.tip.header().time)
    }

    pub(crate) fn naming(&self) -> Naming {
        let assets = &self.tip.state().directory().assets();
        let decimals = assets.iter().map(|(code, asset)| (*code, asset.decimals)).collect();
        Naming { network: self.network, decimals }
    }

    pub(crate) fn assets(&self) -> Vec<AssetView> {
        let state = self.tip.state();
        let view = |(code, asset): (&AssetCode, &ledger::account::Asset)| {
            let issuer = state.institution(asset.issuer).map(|issuer| issuer.bic);
            let supply = state.supply(*code).unwrap_or_default();
            AssetView::new(*code, asset, issuer.as_ref(), supply, &self.naming())
        };
        state.directory().assets().iter().map(view).collect()
    }

    pub(crate) fn institutions(&self) -> Vec<InstitutionView> {
        let members = self.genesis.institutions();
        members.map(|(number, m)| InstitutionView::new(number, &m.institution)).collect()
    }

    pub(crate) fn account(&self, address: &str) -> Option<AccountView> {
        let id = AccountId::parse(self.network, address).ok()?;
        let state = self.tip.state();
        let servicer = state.institution(id.servicer())?.bic;
        let (height, naming) = (self.tip.height(), self.naming());
        let account = state.account(id)?;
        Some(AccountView::new(id, &account, &servicer, &state.holdings(id), height, &naming))
    }

    /// An account's entries, newest first.
    pub(crate) fn history(&self, address: &str) -> HistoryPage {
        let id = AccountId::parse(self.network, address).unwrap();
        let naming = self.naming();
        let own = self.entries.iter().rev().filter(|((account, _), ..)| *account == id);
        let views = own
            .map(|((_, asset), entry, time)| EntryView::new(*asset, entry, None, *time, &naming));
        HistoryPage { entries: views.collect(), next_cursor: None }
    }

    /// What an account holds, in minor units.
    pub(crate) fn posted(&self, name: &str, code: &str) -> u128 {
        let holding = self.tip.state().holding(account(name), asset(code));
        holding.unwrap_or_default().posted.0
    }
}

fn genesis(network: Network) -> GenesisDocument {
    let member = |(bank, bic): (u8, &str)| Member {
        institution: Institution {
            bic: Bic::parse(bic).unwrap(),
            name: bic.to_owned(),
            operators: KeySet::single(key(1, bank).public()),
            compliance: key(2, bank).public(),
            roles: Roles { validator: true, issuer: true, dealer: true },
        },
        validator: Some(MemberValidator {
            voting_key: key(3, bank).public(),
            node_key: key(4, bank).public(),
            address: "127.0.0.1:1".to_owned(),
        }),
    };
    GenesisDocument {
        suite: SUITE,
        network,
        name: "wallet test".to_owned(),
        time: now().minus(3_600_000),
        parameters: Parameters::USUAL,
        members: (1_u8..).zip(BICS).map(member).collect(),
    }
}
