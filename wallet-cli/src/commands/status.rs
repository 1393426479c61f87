//! `feiqian status`: each node's view of the network, and this wallet's unfinished payments.

use api::chain::StatusView;
use serde::Serialize;

use super::table;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::network::nobody_answers;
use crate::session::Session;

#[derive(Serialize)]
struct StatusDocument {
    profile: String,
    /// What the first node says that follows this chain.
    #[serde(flatten)]
    status: StatusView,
    nodes: Vec<NodeDocument>,
    unfinished: Vec<UnfinishedDocument>,
}

#[derive(Serialize)]
struct NodeDocument {
    api: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

#[derive(Serialize)]
struct UnfinishedDocument {
    id: String,
    order: String,
    created: String,
}

pub(super) fn run(session: &Session) -> Result<(), Fault> {
    let profile = session.profile()?;
    let network = session.network(&profile);
    let mut nodes = Vec::new();
    for node in network.nodes() {
        let api = node.base().to_owned();
        nodes.push(match node.get_json::<StatusView>("/v1/status", &[], network.limit()) {
            Ok(status) => NodeDocument { api, status: Some(status), fault: None },
            Err(error) => NodeDocument { api, status: None, fault: Some(error.to_string()) },
        });
    }
    let expected = profile.chain.map(|chain| chain.text());
    let answers = nodes.iter().filter_map(|node| node.status.as_ref());
    let Some(status) = answers.max_by_key(|status| status.height).cloned() else {
        let fault = |node: &NodeDocument| Some(format!("{}: {}", node.api, node.fault.as_ref()?));
        return Err(nobody_answers(&nodes.iter().filter_map(fault).collect::<Vec<_>>()));
    };
    if expected.as_ref().is_some_and(|expected| *expected != status.chain_id) {
        let detail = format!("A node follows the chain {}, not the profile's.", status.chain_id);
        let hint = "Do not use this profile with these nodes.";
        return Err(Fault::new(Exit::Rejected, "wrong-chain", detail, hint));
    }
    let entries = session.outbox().list()?.into_iter();
    let unfinished = entries
        .filter(|entry| entry.chain_id == status.chain_id)
        .map(|entry| UnfinishedDocument {
            id: entry.id,
            order: entry.order,
            created: entry.created,
        })
        .collect();
    let document = StatusDocument { profile: profile.name, status, nodes, unfinished };
    session.output.result(text(&document), &document);
    Ok(())
}

fn text(document: &StatusDocument) -> String {
    let status = &document.status;
    let mut text = format!(
        "{}, chain {}\nblock {} final at {}; {} validators, {} decide\n\n",
        document.profile,
        status.chain_id,
        status.height,
        status.last_final_at,
        status.validators,
        status.quorum
    );
    let mut rows = table::table(&["node", "api", "block", "peers", "state"]);
    for node in &document.nodes {
        match &node.status {
            Some(status) => {
                let state = if status.synced { "synced" } else { "catching up" };
                let (height, peers) = (status.height.to_string(), status.connected.to_string());
                rows.add_row([&status.node, &node.api, &height, &peers, state]);
            }
            None => {
                let fault = node.fault.clone().unwrap_or_default();
                rows.add_row(["?", &node.api, "-", "-", &fault]);
            }
        }
    }
    text.push_str(&table::text(rows, &[2, 3]));
    for payment in &document.unfinished {
        text.push_str(&format!(
            "\nunfinished: {} ({}, {}); go on with: feiqian pay --resume {}",
            payment.id, payment.order, payment.created, payment.id
        ));
    }
    text
}
