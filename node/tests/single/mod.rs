//! A network of one validator in this process, its API on a loopback socket, and a client.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod approvals;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::problem::Problem;
use api::transaction::TransactionAnswer;
use iso20022::pacs002::{self, StatusReport};
use iso20022::xml::Limits;
use ledger::account::{Policy, Roles};
use ledger::codec;
use ledger::crypto::{SecretKey, Suite};
use ledger::fees::{FeeRule, FeeSchedule};
use ledger::genesis::Parameters;
use ledger::genesis::json::{Draft, SealedGenesis};
use ledger::genesis::keyfile::KeyKind;
use ledger::genesis::member::{MemberFile, MemberKeys, MemberProfile};
use ledger::hash::{Domains, Hash};
use ledger::ids::{AccountId, AssetCode, Bic, InstitutionNumber, Network, Timestamp, Uetr};
use ledger::money::{Amount, Decimals, Money};
use ledger::operation::{AssetKind, ChargeBearer, Operation, Pay, PaymentTerms, Queue};
use ledger::transaction::{SignedTransaction, Transaction};
use ledger::waiting::Priority;
use node::config::{
    ApiConfig, BicText, ChainIdText, Config, DealerConfig, IsoConfig, LogConfig, NetworkConfig,
    NodeConfig, OperatorConfig, RateConfig, StorageConfig, WebhooksConfig,
};
use node::driver::Driver;
use node::home::{self, Home, NewHome, now};
use node::http::Phase;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use ureq::Agent;
use ureq::http::Response;

const SUITE: Suite = Suite::Ed25519Blake3;

/// The institutions, ascending; the third runs the validator.
pub(crate) const BANKS: [&str; 4] = ["EFGHUSUV", "HSBCHKHH", "PQRSGB9A", "PSBCCNBJ"];

/// The validator's institution.
pub(crate) const HOST: usize = 3;

pub(crate) const OCTETS: &str = "application/octet-stream";
pub(crate) const JSON: &str = "application/json";
pub(crate) const XML: &str = "application/xml";

/// The report that answers a message.
pub(crate) fn report(answer: &Answered) -> StatusReport {
    assert_eq!((answer.status, answer.media_type.as_str()), (200, XML), "{}", answer.text());
    pacs002::read(&answer.body, &Limits::default()).unwrap()
}

/// Status and reasons of each transaction.
pub(crate) fn verdicts(report: &StatusReport) -> Vec<String> {
    let text = |status: &pacs002::TransactionStatus| {
        let codes: Vec<_> = status.reasons.iter().map(|reason| reason.code.to_string()).collect();
        let text = status.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        format!("{text} {}", codes.join(" ")).trim_end().to_owned()
    };
    report.transactions.iter().map(text).collect()
}

pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(SUITE, [seed; 32])
}

/// The operators' key of a bank.
pub(crate) fn operator(bank: usize) -> SecretKey {
    key(u8::try_from(bank).unwrap() + 100)
}

pub(crate) fn asset(code: &str) -> AssetCode {
    AssetCode::parse(code).unwrap()
}

pub(crate) fn money(amount: u128, code: &str) -> Money {
    Money::new(Amount(amount), asset(code))
}

pub(crate) fn uetr(number: u64) -> Uetr {
    let mut entropy = [9; 16];
    entropy[..8].copy_from_slice(&number.to_be_bytes());
    Uetr::from_entropy(entropy)
}

/// The node.
pub(crate) struct Single {
    pub(crate) genesis: SealedGenesis,
    pub(crate) domains: Domains,
    pub(crate) address: SocketAddr,
    pub(crate) home: PathBuf,
    folder: Option<tempfile::TempDir>,
    runtime: Option<Runtime>,
    stop: watch::Sender<Phase>,
    served: Option<JoinHandle<()>>,
    driver: Option<Arc<Driver>>,
    agent: Agent,
}

/// What an answer says.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) media_type: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answered {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        let text = String::from_utf8_lossy(&self.body);
        assert!(self.status < 300, "{} {text}", self.status);
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The problem that it is, which has the answer's status.
    pub(crate) fn problem(&self) -> Problem {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.media_type, Problem::MEDIA_TYPE, "{} {text}", self.status);
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status);
        assert!(!problem.hint.is_empty() && !problem.detail.is_empty(), "{problem:?}");
        problem
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The body if it is text, or how long it is.
    pub(crate) fn text_or_length(&self) -> String {
        let bytes = || format!("{} bytes", self.body.len());
        String::from_utf8(self.body.clone()).unwrap_or_else(|_| bytes())
    }
}

fn sealed() -> SealedGenesis {
    let parameters = Parameters { heartbeat_ms: 200, ..Parameters::USUAL };
    let mut draft = Draft::new(Network::Devnet, "single".to_owned(), parameters).unwrap();
    for (bank, bic) in BANKS.into_iter().enumerate() {
        let seed = u8::try_from(bank).unwrap();
        let profile = MemberProfile {
            network: Network::Devnet,
            bic: Bic::parse(bic).unwrap(),
            name: bic.to_owned(),
            roles: Roles { validator: false, issuer: true, dealer: true },
            threshold: 1,
            address: "127.0.0.1:1".to_owned(),
        };
        let keys = MemberKeys {
            validator: (bank == HOST).then(|| (key(1), key(2))),
            operators: vec![operator(bank)],
            compliance: key(seed + 120),
        };
        draft.add(MemberFile::sign(profile, keys).unwrap()).unwrap();
    }
    draft.seal(Timestamp(now().0 - 1_000)).unwrap()
}

/// The configuration: a dealer, and the operators of all banks but the second.
fn config(genesis: &SealedGenesis) -> Config {
    let loopback = || "127.0.0.1:0".parse().unwrap();
    let chain_id = ChainIdText::try_from(genesis.chain_id().to_owned()).unwrap();
    let bic = |bank: usize| BicText(Bic::parse(BANKS[bank]).unwrap());
    let operators = [0, 2, 3].map(|bank| OperatorConfig {
        bic: bic(bank),
        keys: vec![PathBuf::from(format!("keys/operator-{bank}.key"))],
    });
    let document = genesis.open().unwrap();
    let dealer = AccountId::from_reference(&document.domains(), InstitutionNumber(4), "dealer");
    let rate = |sell: &str, buy: &str, rate: &str| RateConfig {
        sell: sell.to_owned(),
        buy: buy.to_owned(),
        rate: rate.to_owned(),
        middle: None,
        minimum: "0.01".to_owned(),
        maximum: "100000.00".to_owned(),
    };
    Config {
        node: NodeConfig::at_usual_places(bic(HOST), chain_id),
        network: NetworkConfig { listen: vec![loopback()], peers: BTreeMap::new() },
        api: ApiConfig::listening(loopback()),
        storage: StorageConfig::default(),
        iso: IsoConfig { operators: operators.to_vec(), ..IsoConfig::default() },
        dealer: Some(DealerConfig {
            account: dealer.address(Network::Devnet),
            key: PathBuf::from("keys/dealer.key"),
            valid_seconds: 30,
            rates: vec![rate("CNY", "HKD", "1.0850")],
        }),
        log: LogConfig::default(),
        webhooks: WebhooksConfig::default(),
    }
}

impl Single {
    /// Starts a node in a new home, its configuration changed by `change`.
    pub(crate) fn start(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home");
        let genesis = sealed();
        let mut config = config(&genesis);
        change(&mut config);
        let mut keys = vec![
            ("voting.key".to_owned(), KeyKind::Voting, key(1)),
            ("node.key".to_owned(), KeyKind::Node, key(2)),
            ("dealer.key".to_owned(), KeyKind::Account, key(60)),
        ];
        for bank in 0..BANKS.len() {
            let name = format!("operator-{bank}.key");
            keys.push((name, KeyKind::Operator, operator(bank)));
        }
        home::create(&path, &NewHome { config: &config, genesis: &genesis, keys, founding: true })
            .unwrap();
        let mut started = Self::run(&path);
        started.folder = Some(folder);
        started
    }

    /// Runs the node of a home.
    fn run(path: &Path) -> Self {
        let runtime = Runtime::new().unwrap();
        let home = Home::open(path).unwrap();
        let (genesis, document) = home::read_genesis(&path.join("genesis.json")).unwrap();
        let (stop, stopped) = watch::channel(Phase::Serving);
        let (driver, address, served) = runtime.block_on(async {
            let driver = node::run::driver_config(&home).unwrap();
            let driver = Arc::new(Driver::start(driver).await.unwrap());
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let served = node::http::serve(home, driver.clone(), listener, stopped);
            (driver, address, tokio::spawn(served))
        });
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        Self {
            genesis,
            domains: document.domains(),
            address,
            home: path.to_owned(),
            folder: None,
            runtime: Some(runtime),
            stop,
            served: Some(served),
            driver: Some(driver),
            agent,
        }
    }

    /// Stops the node as a signal does, and starts it again.
    pub(crate) fn restart(mut self) -> Self {
        let folder = self.folder.take();
        self.finish();
        let mut again = Self::run(&self.home);
        again.folder = folder;
        again
    }

    /// Starts the node of a folder that [`Self::stop`] gave.
    pub(crate) fn again(folder: tempfile::TempDir) -> Self {
        let mut again = Self::run(&folder.path().join("home"));
        again.folder = Some(folder);
        again
    }

    /// Stops the node; gives the folder that holds its home, at `home`.
    pub(crate) fn stop(mut self) -> tempfile::TempDir {
        self.finish();
        self.folder.take().expect("the folder is this node's")
    }

    fn finish(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        self.stop.send_replace(Phase::Stopping);
        runtime.block_on(async {
            self.served.take().unwrap().await.unwrap();
            let driver = Arc::into_inner(self.driver.take().unwrap());
            let failure = driver.expect("no request is open").stop().await;
            assert!(failure.is_none(), "{failure:?}");
        });
    }

    /// Says that it is not ready, as a node does first when it is told to stop.
    pub(crate) fn drain(&self) {
        self.stop.send_replace(Phase::Draining);
    }

    pub(crate) fn home_path(&self) -> &Path {
        &self.home
    }

    pub(crate) fn driver(&self) -> &Driver {
        self.driver.as_ref().unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answered {
        self.get_as(path, "*/*")
    }

    pub(crate) fn get_as(&self, path: &str, accept: &str) -> Answered {
        let url = format!("http://{}{path}", self.address);
        answered(self.agent.get(url).header("accept", accept).call().unwrap())
    }

    pub(crate) fn delete(&self, path: &str) -> Answered {
        let url = format!("http://{}{path}", self.address);
        answered(self.agent.delete(url).call().unwrap())
    }

    pub(crate) fn put(&self, path: &str, media_type: &str, body: &[u8]) -> Answered {
        let url = format!("http://{}{path}", self.address);
        answered(self.agent.put(url).header("content-type", media_type).send(body).unwrap())
    }

    pub(crate) fn post(&self, path: &str, media_type: &str, body: &[u8]) -> Answered {
        let url = format!("http://{}{path}", self.address);
        answered(self.agent.post(url).header("content-type", media_type).send(body).unwrap())
    }

    /// A request with these headers.
    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answered {
        let url = format!("http://{}{path}", self.address);
        let request = ureq::http::Request::builder().method(method).uri(url);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let called = if method == "GET" {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body).unwrap())
        };
        answered(called.unwrap())
    }

    /// Submits and waits for the final receipts.
    pub(crate) fn settle(&self, signed: &SignedTransaction) -> TransactionAnswer {
        let path = "/v1/transactions?wait=final&proof=true";
        self.post(path, OCTETS, &codec::encode(signed)).json()
    }

    /// The account that a bank (by its place) keeps under `reference`.
    pub(crate) fn account(&self, bank: usize, reference: &str) -> AccountId {
        let number = InstitutionNumber(u32::try_from(bank).unwrap() + 1);
        AccountId::from_reference(&self.domains, number, reference)
    }

    pub(crate) fn address_of(&self, bank: usize, reference: &str) -> String {
        self.account(bank, reference).address(Network::Devnet)
    }

    pub(crate) fn transaction(&self, operations: Vec<Operation>) -> Transaction {
        Transaction {
            suite: SUITE,
            chain_id: self.domains.chain_id(),
            valid_from: now().minus(60_000),
            valid_until: now().plus(600_000),
            operations,
            atomic: false,
            signers: vec![],
        }
    }

    pub(crate) fn sign(&self, keys: &[&SecretKey], transaction: Transaction) -> SignedTransaction {
        let mut keys: Vec<_> = keys.iter().map(|key| (key.public(), *key)).collect();
        keys.sort_by_key(|(public, _)| *public);
        let signers = keys.iter().map(|(public, _)| *public).collect();
        let transaction = Transaction { signers, ..transaction };
        let id = transaction.id(&self.domains);
        let signatures = keys.iter().map(|(_, key)| key.sign(&id)).collect();
        SignedTransaction { transaction, signatures }
    }

    /// Registers CNY, HKD and EUR, issued by the last bank.
    pub(crate) fn register(&self) {
        let issuer = InstitutionNumber(4);
        let register = |code: &str| Operation::RegisterAsset {
            code: asset(code),
            kind: AssetKind::Currency,
            decimals: Decimals(2),
            issuer,
        };
        let operations = ["CNY", "HKD", "EUR"].map(register).to_vec();
        let signed = self.sign(&[&operator(HOST)], self.transaction(operations));
        let answer = self.settle(&signed);
        assert!(answer.receipts.iter().all(|receipt| receipt.status == "done"), "{answer:?}");
    }

    /// Opens an account under the mandate of its bank, with the owner key `owner`, and funds it.
    pub(crate) fn open(&self, bank: usize, reference: &str, owner: u8, funds: &[Money]) {
        let account = self.account(bank, reference);
        let policy = Policy { mandate: true, ..Policy::single(key(owner).public()) };
        let mut operations = vec![Operation::OpenAccount { account, policy, tier: 1 }];
        for amount in funds {
            let mut entropy = *account.bytes();
            entropy[..3].copy_from_slice(&amount.asset.to_string().as_bytes()[..3]);
            let uetr = Uetr::from_entropy(entropy);
            operations.push(Operation::Issue { uetr, to: account, amount: *amount });
        }
        let (own, issuer) = (operator(bank), operator(HOST));
        let keys = if bank == HOST { vec![&own] } else { vec![&own, &issuer] };
        let answer = self.settle(&self.sign(&keys, self.transaction(operations)));
        assert!(answer.receipts.iter().all(|receipt| receipt.code.is_none()), "{answer:?}");
    }

    /// The last bank charges 1.50 for payments from 100.00 in CNY.
    pub(crate) fn charge(&self) {
        self.open(HOST, "charges", 70, &[]);
        let rule = FeeRule {
            asset: asset("CNY"),
            free_below: Amount(10_000),
            flat: Amount(150),
            basis_points: 0,
            minimum: Amount(0),
            cap: Amount(150),
            interbank: Amount(0),
            cross_border: Amount(0),
            free_payments: 0,
        };
        let collector = self.account(HOST, "charges");
        let schedule = FeeSchedule { version: 1, collector, rules: vec![rule] };
        let institution = InstitutionNumber(4);
        let set = Operation::SetFeeSchedule { institution, schedule };
        let answer = self.settle(&self.sign(&[&operator(HOST)], self.transaction(vec![set])));
        assert_eq!(answer.receipts[0].status, "done");
    }

    /// `wei` with 1,000.00 CNY at the last bank and `lee` at the second.
    pub(crate) fn open_wei_and_lee(&self) {
        self.register();
        self.open(HOST, "wei", 50, &[money(100_000, "CNY")]);
        self.open(1, "lee", 51, &[]);
    }

    /// A payment from `wei` to `lee`.
    pub(crate) fn payment(&self, number: u64, amount: u128) -> Operation {
        Operation::Pay(Pay {
            uetr: uetr(number),
            from: self.account(HOST, "wei"),
            to: self.account(1, "lee"),
            amount: money(amount, "CNY"),
            terms: PaymentTerms {
                charge_bearer: ChargeBearer::Shared,
                maximum_fee: Amount(1_000),
                purpose: [0; 4],
                remittance: Hash::ZERO,
            },
        })
    }

    /// The same, signed by its owner.
    pub(crate) fn signed_payment(&self, number: u64, amount: u128) -> SignedTransaction {
        self.sign(&[&key(50)], self.transaction(vec![self.payment(number, amount)]))
    }

    /// A payment of `lee`'s to `wei` that may wait for funds.
    pub(crate) fn queued_by_lee(&self, number: u64, amount: u128) -> SignedTransaction {
        let Operation::Pay(pay) = self.payment(number, amount) else { panic!("a payment") };
        let pay = Pay { from: pay.to, to: pay.from, ..pay };
        let deadline = now().plus(3_600_000);
        let queue = Queue { pay, priority: Priority::Normal, deadline };
        let operation = Operation::Queue(Box::new(queue));
        self.sign(&[&key(51)], self.transaction(vec![operation]))
    }

    /// What an account holds of an asset, in minor units.
    pub(crate) fn balance(&self, bank: usize, reference: &str, code: &str) -> u128 {
        let latest = self.driver().view.latest();
        let holding = latest.tip.state().holding(self.account(bank, reference), asset(code));
        holding.map_or(0, |holding| holding.posted.0)
    }
}

impl Drop for Single {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.finish();
        }
    }
}

fn answered(mut response: Response<ureq::Body>) -> Answered {
    let headers: BTreeMap<String, String> = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    Answered {
        status: response.status().as_u16(),
        media_type: headers.get("content-type").cloned().unwrap_or_default(),
        headers,
        body: response.body_mut().with_config().limit(1 << 26).read_to_vec().unwrap(),
    }
}
