//! `feiqian status`: each node's view of the network, and this wallet's unfinished payments.

use api::chain::StatusView;
use serde::Serialize;

use super::table;
use crate::code::Own;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::language::{Text, say};
use crate::network::{at, nobody_answers};
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
    /// The same for people.
    #[serde(skip)]
    text: Text,
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
    let mut failures = Vec::new();
    for node in network.nodes() {
        let api = node.base().to_owned();
        nodes.push(match node.get_json::<StatusView>("/v1/status", &[], network.limit()) {
            Ok(status) => {
                NodeDocument { api, status: Some(status), fault: None, text: Text::default() }
            }
            Err(error) => {
                let text = error.text();
                failures.push(at(node, &text));
                let fault = Some(text.english().to_owned());
                NodeDocument { api, status: None, fault, text }
            }
        });
    }
    let expected = profile.chain.map(|chain| chain.text());
    let answers = nodes.iter().filter_map(|node| node.status.as_ref());
    let Some(status) = answers.max_by_key(|status| status.height).cloned() else {
        return Err(nobody_answers(&failures));
    };
    if expected.as_ref().is_some_and(|expected| *expected != status.chain_id) {
        let detail = say!(
            "A node follows the chain {chain}, not the profile's.",
            "节点在链 {chain} 上，而非配置所写的链。",
            chain = status.chain_id
        );
        let hint = say!("Do not use this profile with these nodes.", "请勿将此配置用于这些节点。");
        return Err(Fault::new(Exit::Rejected, Own::WrongChain, detail, hint));
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
    session.output.result(&text(&document), &document);
    Ok(())
}

fn text(document: &StatusDocument) -> Text {
    let status = &document.status;
    let head = say!(
        "{profile}, chain {chain}\n\
         block {height} final at {time}; {validators} validators, {quorum} decide\n\n",
        "{profile}，链 {chain}\n\
         区块 {height} 终局于 {time}；{validators} 个验证者，{quorum} 个即可决定\n\n",
        profile = document.profile,
        chain = status.chain_id,
        height = status.height,
        time = status.last_final_at,
        validators = status.validators,
        quorum = status.quorum
    );
    let rows: Vec<Vec<Text>> = document.nodes.iter().map(row).collect();
    let headings = [
        say!("node", "节点"),
        say!("api", "地址"),
        say!("block", "区块"),
        say!("peers", "连接"),
        say!("state", "状态"),
    ];
    let mut parts = vec![head, table::table(&headings, &rows, &[2, 3])];
    parts.extend(document.unfinished.iter().map(|payment| {
        say!(
            "\nunfinished: {id} ({order}, {created}); go on with: feiqian pay --resume {id}",
            "\n未完成：{id}（{order}，{created}）；继续：feiqian pay --resume {id}",
            id = payment.id,
            order = payment.order,
            created = payment.created
        )
    }));
    Text::join(&parts, "")
}

fn row(node: &NodeDocument) -> Vec<Text> {
    let api = Text::data(node.api.as_str());
    match &node.status {
        Some(status) => vec![
            Text::data(status.node.as_str()),
            api,
            Text::data(status.height.to_string()),
            Text::data(status.connected.to_string()),
            if status.synced {
                say!("synced", "已同步")
            } else {
                say!("catching up", "追赶中")
            },
        ],
        None => vec![Text::data("?"), api, Text::data("-"), Text::data("-"), node.text.clone()],
    }
}
