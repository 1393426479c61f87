//! Tests of the configuration: a short file, a whole file, and every refusal.

use super::*;
use ledger::ids::AssetCode;
use ledger::money::{Amount, Decimals};

const CHAIN: &str = "fqd-0101010101010101010101010101010101010101010101010101010101010101";

fn short() -> String {
    format!(
        "[node]\nbic = \"PSBCCNBJ\"\nchain_id = \"{CHAIN}\"\n\n\
         [network]\nlisten = [\"0.0.0.0:7600\"]\n\n[api]\nlisten = \"127.0.0.1:7680\"\n"
    )
}

fn whole() -> String {
    short()
        + r#"
requests = 100
streams = 20
wait_seconds = 5
drain_seconds = 7
body_bytes = 1048576
body_seconds = 5
headers = 32
header_bytes = 8192
header_seconds = 5
json_depth = 8
rate_per_second = 50
rate_burst = 100
public_reads = "chain"
audit_file_bytes = 1048576
trusted_proxies = ["10.0.0.1", "::1"]
origins = ["https://bank.example", "http://localhost:8080"]

[storage]
segment_bytes = 1048576
retain_blocks = 100000
snapshot_every = 512
snapshot_beyond = 4096

[iso]
dealer = "http://127.0.0.1:7681"
dealer_token = "keys/dealer.token"
operators = [{ bic = "PSBCCNBJ", keys = ["keys/operator-1.key"] }]

[dealer]
account = "fqd1example"
key = "keys/dealer.key"
valid_seconds = 60
rates = [
  { sell = "CNY", buy = "HKD", rate = "1.0850", minimum = "0.01", maximum = "1000000.00" },
]

[webhooks]
concurrency = 8
timeout_seconds = 10
retry_seconds = 1
give_up_hours = 24
ca = "keys/ca.pem"

[[webhooks.endpoints]]
name = "core-banking"
url = "https://core.bank.example/hooks"
secret = "keys/core.secret"
events = ["payment.settled"]
accounts = ["fqd1example"]

[log]
format = "json"
level = "info,node=debug"
"#
}

#[test]
fn a_short_file_is_a_whole_one() {
    let config = Config::parse(&short()).unwrap();
    assert_eq!(config.bic().to_string(), "PSBCCNBJ");
    assert_eq!(config.network_kind(), Network::Devnet);
    assert_eq!(config.node.genesis, PathBuf::from("genesis.json"));
    assert_eq!(config.api.requests, 4096);
    assert_eq!(config.storage, StorageConfig::default());
    assert_eq!(config.log, LogConfig::default());
    assert!(config.dealer.is_none() && config.iso.operators.is_empty());
}

#[test]
fn what_is_public_depends_on_the_network_unless_it_is_set() {
    for (prefix, expected) in
        [("fq", PublicReads::Chain), ("fqt", PublicReads::All), ("fqd", PublicReads::All)]
    {
        let text = short().replacen("fqd-", &format!("{prefix}-"), 1);
        assert_eq!(Config::parse(&text).unwrap().public_reads(), expected, "{prefix}");
    }
    let set = short() + "public_reads = \"none\"\n";
    assert_eq!(Config::parse(&set).unwrap().public_reads(), PublicReads::None);
}

#[test]
fn text_round_trips() {
    for text in [short(), whole()] {
        let config = Config::parse(&text).unwrap();
        assert_eq!(Config::parse(&config.to_text().unwrap()).unwrap(), config);
    }
}

#[test]
fn a_written_file_explains_every_key() {
    let text = Config::parse(&whole()).unwrap().to_text().unwrap();
    let lines: Vec<_> = text.lines().collect();
    let mut keys = 0;
    for pair in lines.windows(2).filter(|pair| pair[1].contains(" = ")) {
        assert!(pair[1].starts_with('#') || pair[0].starts_with("# "), "{}", pair[1]);
        keys += 1;
    }
    assert!(keys >= 24, "{text}");
}

#[test]
fn the_dealers_bounds_are_read_with_the_assets_decimals() {
    let config = Config::parse(&whole()).unwrap();
    let rate = &config.dealer.unwrap().rates[0];
    let (sell, buy, ratio) = rate.pair().unwrap();
    assert_eq!((sell.to_string(), buy.to_string()), ("CNY".to_owned(), "HKD".to_owned()));
    assert_eq!(ratio.to_string(), "1.085");
    let bounds = rate.bounds(sell, Decimals(2)).unwrap();
    assert_eq!(bounds, (Amount(1), Amount(100_000_000)));
    assert!(rate.bounds(AssetCode::parse("JPY").unwrap(), Decimals(0)).is_err());
}

#[test]
fn refusals_say_where_and_what_instead() {
    let peers = "listen = [\"0.0.0.0:7600\"]\n[network.peers]\nICBKCNBJ = [\"nowhere\"]";
    let rates = "minimum = \"2000000.00\"";
    let twice = "operators = [{ bic = \"PSBCCNBJ\", keys = [\"a\"] }, ";
    for (from, to, expected) in [
        ("bic =", "bci =", "line 2: there is no key `bci` here. Did you mean `bic`?"),
        ("[storage]", "[store]", "Did you mean `storage`?"),
        ("requests", "request", "Did you mean `requests`?"),
        ("PSBCCNBJ", "psbc", "is not a BIC"),
        ("fqd-01", "fqd-", "is not a chain id"),
        ("requests = 100", "requests = 0", "api.requests: 0 is not within 1 to 100000"),
        ("streams = 20", "streams = 0", "api.streams: 0 is not within"),
        ("body_bytes = 1048576", "body_bytes = 1", "api.body_bytes: 1 is not within"),
        ("body_seconds = 5", "body_seconds = 0", "api.body_seconds: 0 is not within"),
        ("headers = 32", "headers = 101", "api.headers: 101 is not within 8 to 100"),
        ("header_bytes = 8192", "header_bytes = 8", "api.header_bytes: 8 is not within"),
        ("header_seconds = 5", "header_seconds = 0", "api.header_seconds: 0 is not within"),
        ("json_depth = 8", "json_depth = 101", "api.json_depth: 101 is not within"),
        ("rate_per_second = 50", "rate_per_second = 1000001", "api.rate_per_second"),
        ("rate_burst = 100", "rate_burst = 0", "api.rate_burst: 0 is not within"),
        ("\"chain\"", "\"some\"", "expected one of `all`, `chain`, `none`"),
        ("audit_file_bytes = 1048576", "audit_file_bytes = 1", "api.audit_file_bytes: 1 is not"),
        ("\"10.0.0.1\"", "\"proxy\"", "invalid IP address"),
        ("\"https://bank.example\"", "\"*\"", "\"*\" is no origin"),
        ("\"https://bank.example\"", "\"https://bank.example/\"", "is no origin"),
        ("wait_seconds = 5", "wait_seconds = 601", "api.wait_seconds: 601"),
        ("drain_seconds = 7", "drain_seconds = 301", "api.drain_seconds: 301"),
        ("info,node=debug", "inof", "`inof` is no level. Did you mean `info`?"),
        ("info,node=debug", "info,node=loud", "log.level: "),
        ("segment_bytes = 1048576", "segment_bytes = 1", "storage.segment_bytes"),
        ("retain_blocks = 100000", "retain_blocks = 9", "storage.retain_blocks"),
        ("snapshot_every = 512", "snapshot_every = 1", "storage.snapshot_every"),
        ("snapshot_beyond = 4096", "snapshot_beyond = 1", "storage.snapshot_beyond"),
        ("listen = [\"0.0.0.0:7600\"]", "listen = []", "network.listen"),
        ("listen = [\"0.0.0.0:7600\"]", peers, "\"nowhere\" is not host:port"),
        ("127.0.0.1:7680", "localhost", "line 9"),
        ("\"json\"", "\"yaml\"", "expected `text` or `json`"),
        ("valid_seconds = 60", "valid_seconds = 0", "dealer.valid_seconds"),
        ("\"1.0850\"", "\"-1\"", "\"-1\" is not a rate"),
        ("\"HKD\"", "\"CNY\"", "exchanged for itself"),
        ("\"HKD\"", "\"hkd\"", "is not an asset code"),
        ("minimum = \"0.01\"", rates, "the minimum is above the maximum"),
        ("\"http://127", "\"ftp://127", "iso.dealer"),
        ("\"http://127.0.0.1:7681", "\"http://10.0.0.1:7681", "write an https URL"),
        ("operators = [", twice, "PSBCCNBJ is listed twice"),
        ("[\"keys/operator-1.key\"]", "[]", "name at least one key file of PSBCCNBJ"),
        ("concurrency = 8", "concurrency = 0", "webhooks.concurrency: 0 is not within"),
        ("timeout_seconds = 10", "timeout_seconds = 61", "webhooks.timeout_seconds"),
        ("retry_seconds = 1", "retry_seconds = 0", "webhooks.retry_seconds"),
        ("give_up_hours = 24", "give_up_hours = 0", "webhooks.give_up_hours"),
        ("core-banking", "Core Banking", "\"Core Banking\" is no name"),
        ("https://core", "http://core", "Write an https URL"),
        ("payment.settled", "payment", "\"payment\" is no event. There are: payment.settled"),
        ("[log]", "[log", "line"),
    ] {
        let text = whole().replacen(from, to, 1);
        assert_ne!(text, whole(), "{from}");
        let error = Config::parse(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{from} -> {to}: {error}");
    }
}

#[test]
fn the_manual_documents_every_key_in_a_file_that_reads() {
    let manual = include_str!("../../../docs/operating/configuration.md");
    let example = manual.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = Config::parse(example).unwrap();
    let short: Config = toml::from_str(&short()).unwrap();
    // What the manual shows as defaults are the defaults.
    assert_eq!(config.storage, short.storage);
    assert_eq!(config.log, short.log);
    let (ca, endpoints) = (config.webhooks.ca.clone(), config.webhooks.endpoints.clone());
    assert_eq!(config.webhooks, WebhooksConfig { ca, endpoints, ..short.webhooks });
    let (proxies, origins) = (config.api.trusted_proxies.clone(), config.api.origins.clone());
    let usual = ApiConfig::listening(config.api.listen);
    let public_reads = Some(config.public_reads());
    let usual = ApiConfig { trusted_proxies: proxies, origins, public_reads, ..usual };
    assert_eq!(config.api, usual);
    let shown: toml::Table = toml::from_str(example).unwrap();
    let all: toml::Table = toml::from_str(&config.to_text().unwrap()).unwrap();
    for (section, keys) in &all {
        for key in keys.as_table().unwrap().keys() {
            assert!(shown[section].get(key).is_some(), "{section}.{key} is not documented");
        }
    }
}
