//! The folder of a new devnet: keys, sealed genesis, homes, keystores, the signed opening.
//!
//! Invariants: the plan is written last; every node holds its own institution's operator key, and
//! the first node those of institutions without a node too. Absent: processes.

use api::keystore::{Cost, Keystore};
use ledger::crypto::SecretKey;
use ledger::genesis::json::{Draft, SealedGenesis};
use ledger::genesis::keyfile::KeyKind;
use ledger::genesis::member::{MemberFile, MemberKeys, MemberProfile};
use ledger::genesis::{GenesisDocument, Parameters};
use ledger::ids::{AccountId, AssetCode, Bic, Network};
use ledger::money::{Amount, Decimals, Money};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Failure;
use super::cast::{self, Bank};
use super::message::{self, Party, Payment};
use super::opening::{self, NewAccount, Opening};
use super::plan::{self, Plan, PlanAccount, PlanNode, PlanOperator};
use super::ports::{Endpoints, Ports};
use crate::commands::entropy;
use crate::config::{
    ApiConfig, BicText, ChainIdText, Config, DealerConfig, IsoConfig, LogConfig, NetworkConfig,
    NodeConfig, OperatorConfig, RateConfig, StorageConfig, WebhooksConfig,
};
use crate::home::{self, NewHome};

/// An idle devnet makes a block this often, in milliseconds.
const HEARTBEAT_MS: u32 = 2_000;

/// Fixed rates, and the middle ones that they are a little below.
const RATES: [(&str, &str, &str, &str); 8] = [
    ("CNY", "HKD", "1.0850", "1.0870"),
    ("HKD", "CNY", "0.9190", "0.9200"),
    ("CNY", "USD", "0.1390", "0.1395"),
    ("USD", "CNY", "7.1500", "7.1685"),
    ("USD", "HKD", "7.7900", "7.7925"),
    ("HKD", "USD", "0.1280", "0.1283"),
    ("USD", "SGD", "1.2900", "1.2940"),
    ("SGD", "USD", "0.7700", "0.7728"),
];

/// How the accounts that only a message names are called: `party1` and so on.
const PARTY: &str = "party";

/// A bank with its new keys.
struct Founder {
    bank: Bank,
    operator: SecretKey,
    compliance: SecretKey,
    node: Option<FounderNode>,
}

/// A founder's node.
struct FounderNode {
    voting: SecretKey,
    identity: SecretKey,
    endpoints: Endpoints,
}

/// Lays a new devnet out in `folder`, which exists and holds nothing but the marker.
///
/// # Errors
/// A failure that says which file could not be written, or which argument does not fit.
pub(super) fn lay_out(
    folder: &Path,
    validators: usize,
    payments: &[Payment],
) -> Result<(), Failure> {
    let others: Vec<Bic> = payments
        .iter()
        .flat_map(|payment| [payment.debtor.institution, payment.creditor.institution])
        .collect();
    let founders = found(cast::cast(validators, &others)?)?;
    let sealed = seal(&founders)?;
    let genesis = sealed.open().map_err(|error| Failure::new(error.to_string()))?;
    let opening = open(&genesis, payments)?;
    let operators = founders
        .iter()
        .map(|founder| (founder.bank.bic, founder.operator.clone()))
        .collect::<BTreeMap<_, _>>();
    let signed = opening.sign(&genesis, &operators)?;
    let plan = plan_of(&sealed, &genesis, &founders, &opening)?;
    write_keystores(folder, &opening, &operators)?;
    for founder in &founders {
        write_home(folder, founder, &founders, &sealed, &genesis, &opening, payments)?;
    }
    let text =
        serde_json::to_string_pretty(&sealed).map_err(|error| Failure::new(error.to_string()))?;
    home::write_text(&folder.join(plan::GENESIS), &format!("{text}\n"))?;
    let bytes = api::text::base64(&ledger::codec::encode(&signed));
    home::write_text(&folder.join(plan::OPENING), &bytes)?;
    plan.write(folder)
}

fn found(banks: Vec<Bank>) -> Result<Vec<Founder>, Failure> {
    let mut ports = Ports::new()?;
    let founder = |bank: Bank| {
        let node = if bank.roles.validator {
            Some(FounderNode {
                voting: entropy::devnet_key()?,
                identity: entropy::devnet_key()?,
                endpoints: Endpoints { peers: ports.give()?, api: ports.give()? },
            })
        } else {
            None
        };
        Ok(Founder {
            bank,
            operator: entropy::devnet_key()?,
            compliance: entropy::devnet_key()?,
            node,
        })
    };
    banks.into_iter().map(founder).collect()
}

fn seal(founders: &[Founder]) -> Result<SealedGenesis, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::new(error.to_string());
    let parameters = Parameters { heartbeat_ms: HEARTBEAT_MS, ..Parameters::USUAL };
    let mut draft = Draft::new(Network::Devnet, "devnet".to_owned(), parameters)
        .map_err(|error| refused(&error))?;
    for founder in founders {
        let node = founder.node.as_ref();
        let profile = MemberProfile {
            network: Network::Devnet,
            bic: founder.bank.bic,
            name: founder.bank.name.clone(),
            roles: founder.bank.roles,
            threshold: 1,
            address: node.map(|node| node.endpoints.peers.to_string()).unwrap_or_default(),
        };
        let keys = MemberKeys {
            validator: node.map(|node| (node.voting.clone(), node.identity.clone())),
            operators: vec![founder.operator.clone()],
            compliance: founder.compliance.clone(),
        };
        let file = MemberFile::sign(profile, keys).map_err(|error| refused(&error))?;
        draft.add(file).map_err(|error| refused(&error))?;
    }
    draft.seal(home::now()).map_err(|error| refused(&error))
}

/// The usual accounts and assets, and those that the messages name.
fn open(genesis: &GenesisDocument, payments: &[Payment]) -> Result<Opening, Failure> {
    let mut assets = BTreeMap::new();
    for (code, issuer) in [
        ("CNY", cast::PAYER_BANK),
        ("HKD", cast::PAYEE_BANK),
        ("USD", cast::DEALER_BANK),
        ("SGD", cast::DEALER_BANK),
    ] {
        assets.insert(opening::asset(code)?, cast::parse(issuer)?);
    }
    for (code, issuer) in message::currencies(payments) {
        assets.entry(code).or_insert(issuer);
    }
    let mut accounts = opening::usual_accounts()?;
    for payment in payments {
        let debtor = party_account(&mut accounts, &payment.debtor)?;
        add_funds(debtor, payment.debit)?;
        party_account(&mut accounts, &payment.creditor)?;
        if payment.debit.asset != payment.credit.asset {
            let dealer = accounts.iter_mut().find(|account| account.name == "dealer");
            dealer.map_or(Ok(()), |dealer| add_funds(dealer, payment.credit))?;
        }
    }
    let fees = accounts.iter().find(|account| account.name == "fees");
    let fees = fees.ok_or_else(|| Failure::new("no account takes charges in"))?;
    let charges = (fees.institution, fees.id(genesis)?);
    Ok(Opening { assets, accounts, charges })
}

/// The account of a message's party, opened if it is not among `accounts` yet.
fn party_account<'a>(
    accounts: &'a mut Vec<NewAccount>,
    party: &Party,
) -> Result<&'a mut NewAccount, Failure> {
    let known = accounts.iter().position(|account| {
        account.institution == party.institution && account.reference == party.reference
    });
    let place = known.unwrap_or(accounts.len());
    if place == accounts.len() {
        let others = accounts.iter().filter(|account| account.name.starts_with(PARTY)).count();
        accounts.push(NewAccount {
            name: format!("{PARTY}{}", others + 1),
            institution: party.institution,
            reference: party.reference.clone(),
            funds: Vec::new(),
            key: entropy::devnet_key()?,
        });
    }
    accounts.get_mut(place).ok_or_else(|| Failure::new("an account was not opened"))
}

/// Gives the account ten times `money`, for the payment, its charges and some more.
fn add_funds(account: &mut NewAccount, money: Money) -> Result<(), Failure> {
    let ten = money.amount.0.checked_mul(10).filter(|amount| *amount <= Amount::MAXIMUM.0);
    let ten = ten.ok_or_else(|| Failure::usage("a message moves more than the ledger can hold"))?;
    account.funds.push(Money::new(Amount(ten), money.asset));
    Ok(())
}

fn plan_of(
    sealed: &SealedGenesis,
    genesis: &GenesisDocument,
    founders: &[Founder],
    opening: &Opening,
) -> Result<Plan, Failure> {
    let nodes = founders.iter().filter(|founder| founder.node.is_some()).map(|founder| PlanNode {
        bic: founder.bank.bic.to_string(),
        home: PathBuf::from(home_name(founder.bank.bic)),
    });
    let accounts = opening.accounts.iter().map(|account| {
        let text =
            |money: &Money| money.text(Decimals::of_currency(money.asset).unwrap_or(Decimals(0)));
        Ok(PlanAccount {
            name: account.name.clone(),
            account: account.id(genesis)?.address(genesis.network),
            institution: account.institution.to_string(),
            funds: account.funds.iter().map(text).collect(),
            keystore: keystore(&account.name),
        })
    });
    let operators = founders.iter().map(|founder| PlanOperator {
        institution: founder.bank.bic.to_string(),
        keystore: operator_keystore(founder.bank.bic),
    });
    Ok(Plan {
        chain_id: sealed.chain_id().to_owned(),
        nodes: nodes.collect(),
        dealer: dealer_node(founders)?.bank.bic.to_string(),
        accounts: accounts.collect::<Result<_, Failure>>()?,
        operators: operators.collect(),
    })
}

/// The node that quotes: the dealer bank's, or the first if that bank runs none.
fn dealer_node(founders: &[Founder]) -> Result<&Founder, Failure> {
    let own = founders.iter().find(|founder| {
        founder.node.is_some() && founder.bank.bic.to_string() == cast::DEALER_BANK
    });
    own.or(founders.first()).ok_or_else(|| Failure::new("a devnet has at least one node"))
}

fn home_name(bic: Bic) -> String {
    bic.to_string().to_lowercase()
}

fn keystore(name: &str) -> PathBuf {
    Path::new("keystores").join(format!("{name}.json"))
}

fn operator_keystore(bic: Bic) -> PathBuf {
    keystore(&format!("operator-{}", home_name(bic)))
}

fn write_keystores(
    folder: &Path,
    opening: &Opening,
    operators: &BTreeMap<Bic, SecretKey>,
) -> Result<(), Failure> {
    let path = folder.join("keystores");
    std::fs::create_dir_all(&path)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    let accounts = opening.accounts.iter().map(|account| (keystore(&account.name), &account.key));
    let operators = operators.iter().map(|(bic, key)| (operator_keystore(*bic), key));
    for (file, key) in accounts.chain(operators) {
        let encrypted = Keystore::encrypt(
            key,
            plan::PASSPHRASE.as_bytes(),
            Cost::DEVNET,
            entropy::bytes()?,
            entropy::bytes()?,
        );
        let encrypted = encrypted.map_err(|error| Failure::new(error.to_string()))?;
        home::write_text(&folder.join(file), &encrypted.text())?;
    }
    Ok(())
}

fn write_home(
    folder: &Path,
    founder: &Founder,
    founders: &[Founder],
    sealed: &SealedGenesis,
    genesis: &GenesisDocument,
    opening: &Opening,
    payments: &[Payment],
) -> Result<(), Failure> {
    let Some(node) = &founder.node else { return Ok(()) };
    let mut keys = vec![
        ("voting.key".to_owned(), KeyKind::Voting, node.voting.clone()),
        ("node.key".to_owned(), KeyKind::Node, node.identity.clone()),
        ("compliance.key".to_owned(), KeyKind::Compliance, founder.compliance.clone()),
    ];
    let first = founders.first().is_some_and(|first| first.bank.bic == founder.bank.bic);
    let mut operators = Vec::new();
    for held in founders {
        if held.bank.bic == founder.bank.bic || (first && held.node.is_none()) {
            let name = format!("operator-{}.key", home_name(held.bank.bic));
            let path = Path::new("keys").join(&name);
            operators.push(OperatorConfig { bic: BicText(held.bank.bic), keys: vec![path] });
            keys.push((name, KeyKind::Operator, held.operator.clone()));
        }
    }
    let dealer_node = dealer_node(founders)?;
    let deals = dealer_node.bank.bic == founder.bank.bic;
    let dealer = opening.accounts.iter().find(|account| account.name == "dealer");
    let dealer = match dealer.filter(|_| deals) {
        Some(account) => {
            keys.push(("dealer.key".to_owned(), KeyKind::Account, account.key.clone()));
            Some(deal(account.id(genesis)?, genesis, payments)?)
        }
        None => None,
    };
    let quotes = dealer_node.node.as_ref().filter(|_| !deals);
    let quotes = quotes.map(|node| format!("http://{}", node.endpoints.api));
    let config = Config {
        node: NodeConfig::at_usual_places(BicText(founder.bank.bic), chain_of(sealed)?),
        network: NetworkConfig { listen: vec![node.endpoints.peers], peers: BTreeMap::new() },
        // Nobody spreads requests over a devnet: it stops at once.
        api: ApiConfig { drain_seconds: 0, ..ApiConfig::listening(node.endpoints.api) },
        storage: StorageConfig::default(),
        iso: IsoConfig { dealer: quotes, operators, dealer_token: None },
        dealer,
        log: LogConfig::default(),
        webhooks: WebhooksConfig::default(),
    };
    let home = NewHome { config: &config, genesis: sealed, keys, founding: true };
    Ok(home::create(&folder.join(home_name(founder.bank.bic)), &home)?)
}

fn chain_of(sealed: &SealedGenesis) -> Result<ChainIdText, Failure> {
    ChainIdText::try_from(sealed.chain_id().to_owned())
        .map_err(|error| Failure::new(error.to_string()))
}

/// The dealer's configuration: the fixed rates, and one for each exchange of a message without one.
fn deal(
    account: AccountId,
    genesis: &GenesisDocument,
    payments: &[Payment],
) -> Result<DealerConfig, Failure> {
    let mut rates: BTreeMap<(AssetCode, AssetCode), RateConfig> = BTreeMap::new();
    for (sell, buy, rate, middle) in RATES {
        let pair = (opening::asset(sell)?, opening::asset(buy)?);
        let row = rate_row(pair, rate.to_owned(), "0.01", "10000000.00");
        rates.insert(pair, RateConfig { middle: Some(middle.to_owned()), ..row });
    }
    for payment in payments {
        let pair = (payment.debit.asset, payment.credit.asset);
        if pair.0 == pair.1 || rates.contains_key(&pair) {
            continue;
        }
        let rate = payment.rate().ok_or_else(|| {
            Failure::usage(format!("no rate leads from {} to {}", pair.0, pair.1))
        })?;
        rates.insert(pair, rate_row(pair, rate.to_string(), "0", "1000000000000"));
    }
    Ok(DealerConfig {
        account: account.address(genesis.network),
        key: PathBuf::from("keys/dealer.key"),
        valid_seconds: 30,
        rates: rates.into_values().collect(),
    })
}

fn rate_row(
    (sell, buy): (AssetCode, AssetCode),
    rate: String,
    minimum: &str,
    maximum: &str,
) -> RateConfig {
    RateConfig {
        sell: sell.to_string(),
        buy: buy.to_string(),
        rate,
        middle: None,
        minimum: minimum.to_owned(),
        maximum: maximum.to_owned(),
    }
}
