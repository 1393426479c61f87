//! Quotes for payments across currencies: from this node's dealer, or from the one that the
//! configuration names.
//!
//! The message says what the payer gives and what the payee gets, so an offer is used only if it
//! gives exactly that: less would break the message, and more would leave the difference to
//! nobody's decision. Invariants: an offer is checked before anything is signed. Absent: choice
//! among dealers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use api::quote::{QuoteAnswer, QuoteRequest};
use api::text::Naming;
use ledger::codec;
use ledger::ids::{AssetCode, Timestamp};
use ledger::money::{Decimals, Money};
use ledger::quote::Route;
use ledger::state::State;
use tokio::time::Instant;
use ureq::Agent;
use zeroize::Zeroizing;

use super::placing::Reason;
use super::{DeskError, Surroundings};
use crate::dealer;
use crate::home::{Home, HomeError, check_private, now, read_text};

/// How long the dealer may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most bytes of signed quotes.
const MAXIMUM_BYTES: usize = 2048;

/// The most bytes of a token's file.
const MAXIMUM_TOKEN: usize = 1024;

/// The code of a payment that no dealer settles.
const NO_DEALER: &str = "ED05";

/// The code of an exchange that does not come to the message's amounts.
const OTHER_AMOUNT: &str = "AM09";

/// Where quotes come from.
#[derive(Debug)]
pub(super) struct Dealers {
    url: Option<String>,
    /// The file of the token that the dealer's node asks for.
    token: Option<PathBuf>,
    agent: Agent,
}

/// What is to be exchanged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    /// What the dealer takes in.
    pub(super) sell: Money,
    /// What the payee must get.
    pub(super) receive: Money,
}

impl Dealers {
    /// The dealer that the home names, or else its own.
    pub(super) fn new(home: &Home) -> Self {
        let iso = &home.config.iso;
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None);
        let url = iso.dealer.as_ref();
        let url = url.map(|url| format!("{}/v1/quotes", url.trim_end_matches('/')));
        let token = iso.dealer_token.as_ref().map(|file| home.path.join(file));
        Self { url, token, agent: config.build().new_agent() }
    }

    /// A quote for exactly this exchange, or the reason why there is none.
    ///
    /// # Errors
    /// [`DeskError::Entropy`].
    pub(super) async fn quote(
        &self,
        home: &Home,
        around: Surroundings<'_>,
        state: &State,
        exchange: Exchange,
    ) -> Result<Result<Route, Reason>, DeskError> {
        let Exchange { sell, receive } = exchange;
        let signed = match (&self.url, &home.dealer) {
            (Some(_), _) if Instant::now() >= around.deadline => Err("it is too slow".to_owned()),
            (Some(url), _) => {
                let question = question(home, state, sell, receive.asset);
                around.readers.work(|| self.ask(url, &question)).await
            }
            (None, Some(own)) => {
                let nonce = || getrandom::u64().map_err(DeskError::Entropy);
                let nonces = [nonce()?, nonce()?];
                let decimals = |asset| state.asset(asset).map(|asset| asset.decimals);
                let pair = (sell, receive.asset);
                let offer = dealer::offer(own, state.domains(), decimals, pair, (now(), nonces));
                offer.map(|offer| offer.route).map_err(|decline| decline.to_string())
            }
            (None, None) => Err("this node knows no dealer".to_owned()),
        };
        let text = |reason| format!("No dealer exchanges the amounts: {reason}.");
        Ok(match signed {
            Err(reason) => Err(Reason { code: NO_DEALER, text: text(reason) }),
            Ok(signed) => check(state, signed, exchange, now()),
        })
    }

    fn ask(&self, url: &str, question: &QuoteRequest) -> Result<Route, String> {
        let failed = |error: ureq::Error| error.to_string();
        let mut request = self.agent.post(url);
        if let Some(file) = &self.token {
            let token = token(file).map_err(|error| {
                tracing::error!(%error, "the dealer's node cannot be asked");
                "this node cannot read its token".to_owned()
            })?;
            let bearer = Zeroizing::new(format!("Bearer {}", token.trim()));
            request = request.header("authorization", bearer.as_str());
        }
        let mut response = request.send_json(question).map_err(failed)?;
        if !response.status().is_success() {
            return Err(format!("the dealer answers {}", response.status()));
        }
        let answer: QuoteAnswer = response.body_mut().read_json().map_err(failed)?;
        let bytes = api::text::parse_base64(&answer.quote).unwrap_or_default();
        codec::decode(&bytes, MAXIMUM_BYTES).map_err(|error| error.to_string())
    }
}

/// This institution's token at the dealer's node, read anew each time, since it changes.
fn token(file: &Path) -> Result<Zeroizing<String>, HomeError> {
    check_private(file)?;
    read_text(file, MAXIMUM_TOKEN).map(Zeroizing::new)
}

fn question(home: &Home, state: &State, sell: Money, buy: AssetCode) -> QuoteRequest {
    let assets = state.directory().assets();
    let decimals = assets.iter().map(|(code, asset)| (*code, asset.decimals)).collect();
    let naming = Naming { network: home.genesis.network, decimals };
    QuoteRequest { sell: naming.money(sell), buy: buy.to_string() }
}

/// Checks that an offer is signed and gives exactly what the message says.
fn check(state: &State, route: Route, exchange: Exchange, now: Timestamp) -> Result<Route, Reason> {
    let domains = state.domains();
    let decimals = |asset| state.asset(asset).map(|asset| asset.decimals);
    let verify = |check| domains.suite().verify(&check);
    if !route.quotes().all(|signed| verify(signed.signature_check(domains))) {
        let text = "The dealer's quote is not signed by its key.".to_owned();
        return Err(Reason { code: NO_DEALER, text });
    }
    let is_pair = route.buy() == exchange.receive.asset;
    let gives = dealer::receives(&route, exchange.sell, decimals, now).filter(|_| is_pair);
    if gives == Some(exchange.receive.amount) {
        return Ok(route);
    }
    let text = match gives {
        Some(gives) => {
            let bought = decimals(route.buy()).unwrap_or(Decimals(0));
            let gives = Money::new(gives, route.buy()).text(bought);
            let wanted = exchange.receive.text(bought);
            format!("The dealer gives {gives}, and the message says {wanted}.")
        }
        None => "The dealer's quote is for another exchange.".to_owned(),
    };
    Err(Reason { code: OTHER_AMOUNT, text })
}
