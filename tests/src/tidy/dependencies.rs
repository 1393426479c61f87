//! Rule: packages depend only on what this table allows, and products hold nothing of the tests.
//!
//! Imports point one way: `consensus -> ledger`; `iso20022 -> ledger`; `api -> ledger`; `node ->
//! consensus, iso20022, api, ledger`; `wallet-cli -> api, iso20022, ledger`; `genesis -> ledger`.

use std::collections::BTreeSet;

use super::{Finding, Tree, tree::Package};

/// The feature of the fast signature suite, which no product may hold.
pub(super) const TEST_SUITE: &str = "test-suite";

/// What one package may depend on.
struct Allowed {
    package: &'static str,
    /// Packages of the house.
    own: &'static str,
    /// Packages of others.
    outside: &'static str,
    /// For its tests and benches, beside the above.
    dev: &'static str,
    /// What must not be in its product build, however deep.
    never: &'static str,
}

const ALLOWED: &[Allowed] = &[
    Allowed {
        package: "ledger",
        own: "",
        outside: "bech32 blake3 borsh ed25519-dalek ed25519-zebra iso_currency rand_core rpds \
                  rust_decimal serde sha2 thiserror uuid",
        dev: "jmt proptest serde_json",
        never: "getrandom rand tokio libp2p",
    },
    Allowed {
        package: "consensus",
        own: "ledger",
        outside: "borsh thiserror",
        dev: "",
        never: "getrandom rand tokio libp2p",
    },
    Allowed {
        package: "iso20022",
        own: "ledger",
        outside: "borsh jiff quick-xml thiserror",
        dev: "proptest",
        never: "getrandom rand tokio libp2p",
    },
    Allowed {
        package: "api",
        own: "ledger",
        outside: "argon2 base64 chacha20poly1305 jiff serde serde_json thiserror utoipa \
                  zeroize",
        dev: "",
        never: "getrandom rand tokio libp2p axum",
    },
    Allowed {
        package: "node",
        own: "api consensus iso20022 ledger",
        outside: "axum base64 blake3 borsh clap crossbeam-channel ed25519-dalek futures \
                  getrandom hmac hpke libp2p libp2p-allow-block-list \
                  libp2p-connection-limits mimalloc prometheus-client redb rustix serde \
                  serde_json sha2 thiserror tokio \
                  tokio-util toml tower-http tracing tracing-subscriber ureq utoipa \
                  utoipa-axum zeroize",
        dev: "rcgen rustls tempfile",
        never: "wallet-cli genesis tests",
    },
    Allowed {
        package: "wallet-cli",
        own: "api iso20022 ledger",
        outside: "anstream bip39 clap clap_complete comfy-table csv directories getrandom \
                  iso_currency percent-encoding qrcode rpassword serde serde_json signal-hook \
                  thiserror toml ureq zeroize",
        dev: "nix rqrr tempfile",
        never: "node consensus genesis tests tokio libp2p",
    },
    Allowed {
        package: "genesis",
        own: "ledger",
        outside: "clap getrandom serde serde_json thiserror zeroize",
        dev: "tempfile",
        never: "node consensus wallet-cli tests tokio libp2p",
    },
    Allowed {
        package: "tests",
        own: "api consensus genesis iso20022 ledger node wallet-cli",
        outside: "borsh clap getrandom mimalloc proc-macro2 rustix serde serde_json syn tempfile \
                  thiserror tokio ureq",
        dev: "",
        never: "",
    },
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, package) in &tree.packages {
        let advice = match ALLOWED.iter().find(|allowed| allowed.package == name) {
            Some(allowed) => faults(allowed, package),
            None => {
                vec!["this package is not in the table of tests/src/tidy/dependencies.rs".into()]
            }
        };
        findings.extend(advice.into_iter().map(|advice| Finding {
            path: format!("{name}/Cargo.toml"),
            line: 1,
            rule: "dependencies",
            advice,
        }));
    }
    findings
}

fn faults(allowed: &Allowed, package: &Package) -> Vec<String> {
    let words = |list: &'static str| list.split_whitespace();
    let normal: BTreeSet<_> = words(allowed.own).chain(words(allowed.outside)).collect();
    let dev: BTreeSet<_> = normal.iter().copied().chain(words(allowed.dev)).collect();
    let beyond = package.dependencies.iter().filter(|name| !normal.contains(name.as_str()));
    let dev_beyond = package.dev_dependencies.iter().filter(|name| !dev.contains(name.as_str()));
    let unlisted = beyond.chain(dev_beyond).map(|name| {
        format!("`{name}` is not allowed here; do without it, or add it to the table with a reason")
    });
    let unused = dev.iter().filter(|name| {
        !package.dependencies.contains(**name) && !package.dev_dependencies.contains(**name)
    });
    let unused =
        unused.map(|name| format!("`{name}` is allowed but not used; remove it from the table"));
    let suite = (allowed.package != "tests").then(|| format!("/{TEST_SUITE}"));
    let banned = package.closure.iter().filter(|name| {
        words(allowed.never).any(|never| never == *name)
            || suite.as_ref().is_some_and(|suite| name.ends_with(suite))
    });
    let banned = banned.map(|name| format!("its product build holds `{name}`, which it must not"));
    unlisted.chain(unused).chain(banned).collect()
}

#[cfg(test)]
mod tests {
    use super::{Allowed, Package, faults};

    const SAMPLE: Allowed = Allowed {
        package: "wallet",
        own: "ledger",
        outside: "clap",
        dev: "tempfile",
        never: "node",
    };

    fn package(dependencies: &[&str], dev: &[&str], closure: &[&str]) -> Package {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Package {
            dependencies: set(dependencies),
            dev_dependencies: set(dev),
            closure: set(closure),
            ..Package::default()
        }
    }

    #[test]
    fn each_way_of_leaving_the_table_is_found() {
        let (good, dev) = (["ledger", "clap"], ["tempfile"]);
        let rows = [
            (package(&good, &dev, &["ledger"]), 0),
            (package(&["ledger", "clap", "axum"], &dev, &[]), 1),
            (package(&["ledger"], &dev, &[]), 1),
            (package(&["ledger", "clap", "tempfile"], &[], &[]), 1),
            (package(&good, &["tempfile", "jmt"], &[]), 1),
            (package(&good, &dev, &["node"]), 1),
            (package(&good, &dev, &["ledger/test-suite"]), 1),
        ];
        for (package, found) in rows {
            assert_eq!(faults(&SAMPLE, &package).len(), found, "{package:?}");
        }
    }
}
