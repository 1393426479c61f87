//! Check: the configuration and the genesis document, as the node would read them.
//!
//! Absent: the order of the keys; bounds (the configuration's own rules).

use std::net::IpAddr;
use std::path::Path;

use ledger::genesis::GenesisDocument;
use ledger::genesis::json::chain_id_text;

use super::Findings;
use crate::config::Config;
use crate::home::{self, CONFIG_FILE};

/// Reads both; `None` if one cannot be read, and then it is found.
pub(super) fn read(home: &Path, findings: &mut Findings) -> Option<(Config, GenesisDocument)> {
    let config = match home::read_config(home) {
        Ok(config) => config,
        Err(error) => {
            let mend = "Every key is explained in docs/operating/configuration.md.";
            findings.fail(error.to_string(), mend);
            return None;
        }
    };
    findings.good(format!("{CONFIG_FILE} is right: the node of {}", config.bic()));
    let genesis = match home::read_document(home, &config) {
        Ok(genesis) => genesis,
        Err(error) => {
            let mend = "Ask another member for the sealed document, and compare its chain id with \
                        them in person.";
            findings.fail(error.to_string(), mend);
            return None;
        }
    };
    if !genesis.suite.is_production() {
        let mend = "Seal a new document: anyone can forge the signatures of this one.";
        findings.fail("the genesis document is one of a simulation", mend);
    }
    let chain = chain_id_text(genesis.network, genesis.chain_id());
    findings.good(format!("the genesis document makes chain {chain}, as pinned"));
    let listen = config.api.listen;
    if !is_private(listen.ip()) {
        findings.warn(
            format!("the API listens on {listen}, which is reachable from everywhere"),
            "The API has no TLS of its own: put a proxy with TLS in front, and set api.listen to \
             an address that only the proxy reaches.",
        );
    }
    Some((config, genesis))
}

/// True for addresses that the internet does not route. "Any address" counts as reachable.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}
