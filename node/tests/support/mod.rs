//! A network of drivers in one process: real sockets on loopback, real disks, real keys.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use consensus::Timing;
use ledger::account::{Institution, KeySet, Policy, Roles};
use ledger::crypto::{SecretKey, Suite};
use ledger::genesis::{GenesisDocument, Member, MemberValidator, Parameters};
use ledger::hash::{Domains, Hash};
use ledger::ids::{AccountId, AssetCode, Bic, InstitutionNumber, Network, Timestamp, Uetr};
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{AssetKind, ChargeBearer, Operation, Pay, PaymentTerms};
use ledger::transaction::{SignedTransaction, Transaction};
use node::core::admission::AdmissionLimits;
use node::core::step::Reply;
use node::core::{CoreConfig, SnapshotSettings};
use node::driver::{Driver, DriverConfig, Storage};
use node::home::now;
use node::home::recollection::Recollection;
use node::net::{self, NetworkConfig};

/// The suite of the tests.
pub(crate) const SUITE: Suite = Suite::Ed25519Blake3;

const BICS: [&str; 4] = ["DBSSSGSG", "HSBCHKHH", "ICBKCNBJ", "PSBCCNBJ"];

/// The key of a role of a member.
pub(crate) fn key(role: u8, index: u8) -> SecretKey {
    let mut seed = [role; 32];
    seed[0] = index;
    SecretKey::from_seed(SUITE, seed)
}

/// What a network is made of, so that its nodes can be started one by one and again.
pub(crate) struct Plan {
    /// The genesis document.
    pub(crate) genesis: GenesisDocument,
    /// Its hash keys.
    pub(crate) domains: Domains,
    folder: PathBuf,
}

impl Plan {
    /// A network of `count` validators (1 to 4) with homes below `folder`.
    pub(crate) fn new(folder: &Path, count: u8) -> Self {
        let sockets: Vec<_> =
            (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports = sockets.iter().map(|socket| socket.local_addr().unwrap().port());
        let members = (0_u8..).zip(BICS).zip(ports).map(|((index, bic), port)| Member {
            institution: Institution {
                bic: Bic::parse(bic).unwrap(),
                name: bic.to_owned(),
                operators: KeySet::single(key(1, index).public()),
                compliance: key(2, index).public(),
                roles: Roles { validator: true, issuer: true, dealer: true },
            },
            validator: Some(MemberValidator {
                voting_key: key(3, index).public(),
                node_key: key(4, index).public(),
                address: format!("127.0.0.1:{port}"),
            }),
        });
        let genesis = GenesisDocument {
            suite: SUITE,
            network: Network::Devnet,
            name: "test".to_owned(),
            time: Timestamp(now().0 - 1000),
            parameters: Parameters::USUAL,
            members: members.collect(),
        };
        genesis.check().unwrap();
        let domains = genesis.domains();
        Self { genesis, domains, folder: folder.to_owned() }
    }

    /// The configuration of one node.
    pub(crate) fn config(&self, index: u8) -> DriverConfig {
        let home = self.folder.join(index.to_string());
        std::fs::create_dir_all(&home).unwrap();
        let members: Vec<_> =
            self.genesis.members.iter().map(|member| member.validator.as_ref().unwrap()).collect();
        let me = usize::from(index);
        let network = NetworkConfig {
            identity: key(4, index).seed(),
            chain: self.domains.chain_id().0.0,
            listen: vec![members[me].address.parse().unwrap()],
            peers: Vec::new(),
            timing: net::Timing::default(),
        };
        DriverConfig {
            core: CoreConfig {
                domains: self.domains.clone(),
                institution: self.genesis.members[me].institution.bic,
                voting_keys: vec![key(3, index)],
                timing: Timing::default(),
                limits: AdmissionLimits::default(),
                snapshots: SnapshotSettings::default(),
            },
            genesis: self.genesis.clone(),
            network,
            addresses: BTreeMap::new(),
            recollection: Recollection::Whole,
            storage: Storage {
                log: home.join("log"),
                index: home.join("index.redb"),
                snapshot: home.join("snapshot"),
                retain_blocks: 0,
                segment_bytes: 1 << 20,
                cache_bytes: 1 << 24,
            },
        }
    }

    /// Starts one node.
    pub(crate) async fn start(&self, index: u8) -> Driver {
        Driver::start(self.config(index)).await.unwrap()
    }

    /// The account of a customer of the first bank.
    pub(crate) fn account(&self, reference: &str) -> AccountId {
        AccountId::from_reference(&self.domains, InstitutionNumber(1), reference)
    }

    /// Signs `operations` as the first bank's operator.
    pub(crate) fn order(&self, operations: Vec<Operation>) -> SignedTransaction {
        self.sign(&key(1, 0), operations)
    }

    /// Signs `operations` with `signer`.
    pub(crate) fn sign(&self, signer: &SecretKey, operations: Vec<Operation>) -> SignedTransaction {
        let transaction = Transaction {
            suite: SUITE,
            chain_id: self.domains.chain_id(),
            valid_from: now().minus(60_000),
            valid_until: now().plus(600_000),
            operations,
            atomic: false,
            signers: vec![signer.public()],
        };
        let signatures = vec![signer.sign(&transaction.id(&self.domains))];
        SignedTransaction { transaction, signatures }
    }

    /// Registers CNY, opens the accounts `wei` and `lee`, and gives `wei` 1,000.00 CNY.
    pub(crate) fn opening(&self) -> SignedTransaction {
        let open = |reference: &str, owner: u8| Operation::OpenAccount {
            account: self.account(reference),
            policy: Policy { mandate: true, ..Policy::single(key(5, owner).public()) },
            tier: 1,
        };
        self.order(vec![
            Operation::RegisterAsset {
                code: cny(),
                kind: AssetKind::Currency,
                decimals: Decimals(2),
                issuer: InstitutionNumber(1),
            },
            open("wei", 0),
            open("lee", 1),
            Operation::Issue {
                uetr: Uetr::from_entropy([255; 16]),
                to: self.account("wei"),
                amount: Money::new(Amount(100_000), cny()),
            },
        ])
    }

    /// A payment of `amount` fen from `wei` to `lee` under the UETR `number`.
    pub(crate) fn payment(&self, number: u64, amount: u128) -> SignedTransaction {
        let mut entropy = [1; 16];
        entropy[..8].copy_from_slice(&number.to_le_bytes());
        let terms = PaymentTerms {
            charge_bearer: ChargeBearer::Shared,
            maximum_fee: Amount::ZERO,
            purpose: [0; 4],
            remittance: Hash::ZERO,
        };
        let pay = Operation::Pay(Pay {
            uetr: Uetr::from_entropy(entropy),
            from: self.account("wei"),
            to: self.account("lee"),
            amount: Money::new(Amount(amount), cny()),
            terms,
        });
        self.sign(&key(5, 0), vec![pay])
    }
}

/// The asset of the tests.
pub(crate) fn cny() -> AssetCode {
    AssetCode::parse("CNY").unwrap()
}

/// Submits and waits until it is final.
pub(crate) async fn settle(driver: &Driver, signed: &SignedTransaction) -> Reply {
    let bytes = ledger::codec::encode(signed);
    driver.submit(bytes, true).unwrap().await.unwrap()
}
