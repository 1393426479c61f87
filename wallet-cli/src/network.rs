//! The nodes of a profile, asked one after the other until one answers.
//!
//! Invariants: what is read here is not proven; whatever becomes final is verified elsewhere
//! (`assurance`). Absent: submissions (see `delivery`).

use api::account::AccountView;
use api::chain::{AssetView, InstitutionView};
use api::problem::{Problem, Retry};
use api::text::Naming;
use iso20022::pacs002::Code as IsoCode;
use ledger::ids::{AccountId, AssetCode, Network as NetworkKind};
use ledger::money::{Decimals, Money};
use std::cell::Cell;
use std::time::Duration;

use crate::code::{Code, Own};
use crate::exit::Exit;
use crate::fault::{Fault, sentence};
use crate::language::{Language, Text, say};
use crate::node::{Node, NodeError};
use crate::profile::Profile;

/// The nodes that this command may ask.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    nodes: Vec<Node>,
    limit: Duration,
    /// The place of the node that answered last: a node that hangs costs its time only once.
    first: Cell<usize>,
}

impl Network {
    /// The nodes of `profile`; each question may take `limit`.
    pub(crate) fn new(profile: &Profile, limit: Duration) -> Self {
        let mut nodes: Vec<Node> = profile.apis.iter().map(|base| Node::new(base)).collect();
        // Other nodes are other institutions': a token would let them act in its owner's name.
        if let (Some(first), Some(token)) = (nodes.first_mut(), &profile.token) {
            first.show(token.clone());
        }
        Self { nodes, limit, first: Cell::new(0) }
    }

    /// The nodes, in the profile's order.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The nodes in the order in which they are asked: the one that answered last comes first.
    pub(crate) fn in_turn(&self) -> impl Iterator<Item = &Node> {
        self.places().filter_map(|place| self.nodes.get(place))
    }

    fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, count) = (self.first.get(), self.nodes.len());
        (first..count).chain(0..first.min(count))
    }

    /// How long a question may take.
    pub(crate) const fn limit(&self) -> Duration {
        self.limit
    }

    /// Asks node after node until one answers. A node that is away, busy, or does not know, offer
    /// or permit what is asked for hands over to the next; any other refusal stands.
    ///
    /// # Errors
    /// The refusal, or exit 5 if no node answered.
    pub(crate) fn ask<T>(
        &self,
        question: impl Fn(&Node, Duration) -> Result<T, NodeError>,
    ) -> Result<T, Fault> {
        let mut failures = Vec::new();
        let mut refused: Option<Fault> = None;
        for place in self.places() {
            let Some(node) = self.nodes.get(place) else { continue };
            match question(node, self.limit) {
                Ok(answer) => {
                    self.first.set(place);
                    return Ok(answer);
                }
                Err(NodeError::Refused { problem }) => {
                    let goes_on = matches!(problem.retry, Retry::Later | Retry::Same)
                        || matches!(problem.status, 401 | 403 | 404);
                    let fault = refusal(&problem);
                    if !goes_on {
                        return Err(fault);
                    }
                    let before = refused.get_or_insert_with(|| fault.clone());
                    if !before.detail.english().contains(fault.detail.english()) {
                        before.detail = before.detail.and(&fault.detail);
                    }
                }
                Err(error @ (NodeError::NotSent { .. } | NodeError::Broken { .. })) => {
                    failures.push(at(node, &error.text()));
                }
            }
        }
        Err(refused.unwrap_or_else(|| nobody_answers(&failures)))
    }

    /// The registered assets.
    ///
    /// # Errors
    /// As for [`Network::ask`].
    pub(crate) fn assets(&self) -> Result<Vec<AssetView>, Fault> {
        self.ask(|node, limit| node.get_json("/v1/assets", &[], limit))
    }

    /// The institutions.
    ///
    /// # Errors
    /// As for [`Network::ask`].
    pub(crate) fn institutions(&self) -> Result<Vec<InstitutionView>, Fault> {
        self.ask(|node, limit| node.get_json("/v1/institutions", &[], limit))
    }

    /// An account.
    ///
    /// # Errors
    /// As for [`Network::ask`].
    pub(crate) fn account(
        &self,
        account: AccountId,
        kind: NetworkKind,
    ) -> Result<AccountView, Fault> {
        let path = format!("/v1/accounts/{}", account.address(kind));
        self.ask(|node, limit| node.get_json(&path, &[], limit))
    }

    /// What it takes to read and write amounts here.
    ///
    /// # Errors
    /// As for [`Network::ask`].
    pub(crate) fn naming(&self, kind: NetworkKind) -> Result<Naming, Fault> {
        Ok(naming(kind, &self.assets()?))
    }
}

/// What it takes to read and write amounts of these assets. A currency's decimals are the
/// standard's, whatever a node says; points' decimals are the node's word.
pub(crate) fn naming(kind: NetworkKind, assets: &[AssetView]) -> Naming {
    let decimals = assets.iter().filter_map(|asset| {
        let code = AssetCode::parse(&asset.code).ok()?;
        let stated = Decimals(asset.decimals);
        Some((code, Decimals::of_currency(code).unwrap_or(stated)))
    });
    Naming { network: kind, decimals: decimals.collect() }
}

/// Reads an amount of a registered asset.
///
/// # Errors
/// A usage fault that names the mistake.
pub(crate) fn parse_money(text: &str, naming: &Naming) -> Result<Money, Fault> {
    let decimals = |asset| naming.decimals.get(&asset).copied();
    Ok(Money::parse(text, decimals)?)
}

/// What a node's refusal means for the command.
pub(crate) fn refusal(problem: &Problem) -> Fault {
    let code = Code::of_text(&problem.code);
    let rejection = match &code {
        Code::Ledger(rejection) => Some(*rejection),
        Code::Own(_) | Code::Node(_) | Code::Foreign(_) => None,
    };
    let exit = match (rejection, problem.status) {
        (Some(rejection), _) => Exit::of_rejection(rejection),
        (None, 401 | 403) => Exit::NotPermitted,
        (None, 500..=503) => Exit::NotSent,
        (None, 504) => Exit::Unknown,
        (None, _) => Exit::Rejected,
    };
    let advice = code.advice();
    let said = sentence(&problem.detail);
    let (detail, hint) = match &advice {
        // The node's words tell of this request; the code's tell their meaning in every language.
        Some(advice) => {
            let meaning = advice.meaning.of(Language::Chinese);
            let action = advice.action.of(Language::Chinese).to_owned();
            let chinese = format!("{meaning}（节点称：{said}）");
            (Text::new(said, chinese), Text::new(problem.hint.clone(), action))
        }
        None => (Text::data(said), Text::data(problem.hint.as_str())),
    };
    Fault {
        retry: problem.retry,
        iso_reason: rejection.and_then(|rejection| IsoCode::parse(rejection.iso())),
        ..Fault::new(exit, code, detail, hint)
    }
}

/// A node, and what is wrong with its answer.
pub(crate) fn at(node: &Node, reason: &Text) -> Text {
    say!("{node}: {reason}", "{node}：{reason}", node = node.base(); reason = reason)
}

/// Exit 5: no node answered.
pub(crate) fn nobody_answers(failures: &[Text]) -> Fault {
    let reasons = Text::join(failures, "; ");
    let detail =
        say!("No node answers ({reasons}).", "没有节点应答（{reasons}）。"; reasons = reasons);
    let hint = say!(
        "Nothing was sent. Check that a node runs, and the profile or --api.",
        "未发送任何内容。请检查节点是否运行，以及配置或 --api。"
    );
    Fault::new(Exit::NotSent, Own::NoNode, detail, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Token;
    use ledger::rejection::Rejection;

    fn asset(code: &str, decimals: u8) -> AssetView {
        AssetView {
            code: code.to_owned(),
            kind: "currency".to_owned(),
            decimals,
            issuer: "PSBCCNBJ".to_owned(),
            outstanding: "0".to_owned(),
        }
    }

    #[test]
    fn a_node_cannot_shift_a_currencys_decimal_point() {
        let naming = naming(NetworkKind::Devnet, &[asset("CNY", 4), asset("MILES", 1)]);
        assert_eq!(parse_money("25.00 CNY", &naming).unwrap().amount.0, 2500);
        assert_eq!(parse_money("2.5 MILES", &naming).unwrap().amount.0, 25);
        assert_eq!(parse_money("2.5 HKD", &naming).unwrap_err().code, "unknown-asset");
    }

    #[test]
    fn refusals_keep_their_meaning() {
        for (problem, exit) in [
            (Problem::rejected(Rejection::InsufficientFunds), Exit::Rejected),
            (Problem::rejected(Rejection::SignersMissing), Exit::NotPermitted),
            (Problem::rejected(Rejection::Expired), Exit::Expired),
            (Problem::not_found("x", "y"), Exit::Rejected),
            (Problem::not_offered("x", "y"), Exit::NotPermitted),
            (Problem::token_missing("x"), Exit::NotPermitted),
            (Problem::busy(), Exit::NotSent),
            (Problem::outcome_unknown(), Exit::Unknown),
            (Problem::internal("x"), Exit::NotSent),
            (Problem::malformed("x"), Exit::Rejected),
        ] {
            assert_eq!(refusal(&problem).exit, exit, "{}", problem.code);
        }
    }

    #[test]
    fn a_refusal_is_told_in_every_language_with_the_nodes_own_words() {
        let text = refusal(&Problem::busy()).text();
        assert!(text.english().starts_with("The node's queue is full;"), "{text:?}");
        let chinese = text.of(Language::Chinese);
        assert!(chinese.starts_with("节点繁忙。（节点称：The node's queue is full;"), "{chinese}");
        assert!(chinese.contains("请再次发送同一请求，或询问其他节点。"), "{chinese}");
        let unknown = Problem { code: "of-tomorrow".to_owned(), ..Problem::busy() };
        assert_eq!(refusal(&unknown).code.text(), "of-tomorrow");
    }

    /// A node that refuses one request, and gives what its head was.
    fn refusing() -> (String, std::thread::JoinHandle<String>) {
        use std::io::{BufRead, BufReader, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let lines = BufReader::new(socket.try_clone().unwrap()).lines().map(Result::unwrap);
            let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            let answer = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            socket.write_all(answer).unwrap();
            head.join("\n").to_lowercase()
        });
        (base, thread)
    }

    #[test]
    fn a_token_is_shown_to_the_first_node_alone() {
        let (first, second) = (refusing(), refusing());
        let token = Token::of_environment("fqop_secret".to_owned());
        let apis = vec![first.0, second.0];
        let profile = Profile { apis, token: Some(token), ..Profile::default() };
        let network = Network::new(&profile, Duration::from_secs(10));
        network.assets().unwrap_err();
        assert!(first.1.join().unwrap().contains("authorization: bearer fqop_secret"));
        assert!(!second.1.join().unwrap().contains("fqop_"));
    }

    #[test]
    fn without_nodes_nothing_is_sent() {
        let network = Network::new(&Profile::default(), Duration::from_secs(1));
        assert_eq!(network.assets().unwrap_err().exit, Exit::NotSent);
    }
}
