//! Which call is for whom: every route of the API in one table, and the guard that holds to it.
//!
//! Invariants: a route that is not in the table is closed; a token that is shown must count,
//! whatever the call; what the audit log must hold is not done when it cannot be written, and is in
//! it, durably, before the answer of a call that changes something goes out, even if the caller
//! goes away. Absent: who the operators are (see `crate::access`); signatures, which are the
//! authority of a transaction whoever brings it.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use api::problem::Problem;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::connections::Peer;
use super::proxies;
use super::recording::Recording;
use super::refusal::Refused;
use super::request_id::RequestId;
use crate::access::{Book, Role, Standing, Token, TokenHash};
use crate::config::PublicReads;
use crate::home::now;
use crate::trail::{Entry, Kind, NotRecorded};

/// For whom a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Anyone, always.
    Anyone,
    /// Facts of the chain that name no customer.
    Chain,
    /// What is of accounts and payments.
    Accounts,
    /// Operators, whatever their role.
    Operators,
    /// Who gives orders with the institution's keys.
    Maker,
    /// Who looks after what others did.
    Checker,
    /// Who changes what the node does.
    Admin,
    /// Operators, whatever their role, and nobody where there are none: every answer is somebody's.
    Named,
    /// The same for those who change what the node does.
    NamedAdmin,
}

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It answers, and nothing is different afterwards.
    Reads,
    /// Something is ordered, promised or changed.
    Changes,
}

use Audience::{Accounts, Admin, Anyone, Chain, Checker, Maker, Named, NamedAdmin, Operators};
use Effect::{Changes, Reads};

/// Every route: its method, its path, for whom it is, and what it does.
const TABLE: [(&str, &str, Audience, Effect); 42] = [
    ("POST", "/v1/transactions", Anyone, Changes),
    ("POST", "/v1/transactions/simulate", Accounts, Reads),
    ("GET", "/v1/payments/{uetr}", Accounts, Reads),
    ("GET", "/v1/payments/{uetr}/proof", Accounts, Reads),
    ("GET", "/v1/payments/{uetr}/absence", Accounts, Reads),
    ("GET", "/v1/payments/{uetr}/private", Named, Reads),
    ("PUT", "/v1/payments/{uetr}/private", Anyone, Changes),
    ("DELETE", "/v1/payments/{uetr}/private", NamedAdmin, Changes),
    ("GET", "/v1/recalls", Accounts, Reads),
    ("GET", "/v1/accounts/{account}", Accounts, Reads),
    ("GET", "/v1/accounts/{account}/history", Accounts, Reads),
    ("GET", "/v1/accounts/{account}/limits", Accounts, Reads),
    ("GET", "/v1/accounts/{account}/approvals", Accounts, Reads),
    ("GET", "/v1/accounts/{account}/queue", Accounts, Reads),
    ("GET", "/v1/accounts/{account}/proof", Accounts, Reads),
    ("GET", "/v1/accounts/{account}/holdings/{asset}/proof", Accounts, Reads),
    ("GET", "/v1/events", Accounts, Reads),
    ("GET", "/v1/status", Anyone, Reads),
    ("GET", "/v1/blocks", Chain, Reads),
    ("GET", "/v1/blocks/{height}", Chain, Reads),
    ("GET", "/v1/validators", Chain, Reads),
    ("GET", "/v1/institutions", Chain, Reads),
    ("GET", "/v1/institutions/{bic}/limits", Chain, Reads),
    ("GET", "/v1/institutions/{bic}/reviews", Accounts, Reads),
    ("GET", "/v1/institutions/{bic}/positions", Chain, Reads),
    ("GET", "/v1/assets", Chain, Reads),
    ("GET", "/v1/proposals", Chain, Reads),
    ("GET", "/v1/proposals/{number}", Chain, Reads),
    ("POST", "/v1/proposals/rehearse", Chain, Reads),
    ("POST", "/v1/quotes", Accounts, Changes),
    ("POST", "/v1/iso20022", Maker, Changes),
    ("GET", "/v1/webhooks", Operators, Reads),
    ("GET", "/v1/webhooks/{name}", Operators, Reads),
    ("GET", "/v1/webhooks/{name}/deliveries", Operators, Reads),
    ("POST", "/v1/webhooks/{name}/deliveries/{id}/replay", Admin, Changes),
    ("POST", "/v1/webhooks/{name}/replay", Admin, Changes),
    ("GET", "/v1/audit/head", Checker, Reads),
    ("GET", "/livez", Anyone, Reads),
    ("GET", "/readyz", Anyone, Reads),
    ("GET", "/metrics", Anyone, Reads),
    ("GET", "/openapi.json", Anyone, Reads),
    ("GET", "/docs", Anyone, Reads),
];

/// A route's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// For whom it is.
    pub(super) audience: Audience,
    /// What it does.
    pub(super) effect: Effect,
}

/// The row of a route; `None` if it has none.
pub(super) fn rule(method: &str, path: &str) -> Option<Rule> {
    // A question for the head alone is the same question.
    let method = if method == "HEAD" { "GET" } else { method };
    let found = TABLE.iter().find(|(of, at, ..)| *of == method && *at == path);
    found.map(|(_, _, audience, effect)| Rule { audience: *audience, effect: *effect })
}

impl Audience {
    /// The roles that may call.
    pub(super) const fn roles(self) -> &'static [Role] {
        match self {
            Anyone | Chain | Accounts | Operators | Named => &Role::ALL,
            Maker => &[Role::Maker],
            Checker => &[Role::Checker, Role::Admin],
            Admin | NamedAdmin => &[Role::Admin],
        }
    }

    /// True for calls that are for operators alone, wherever operators are needed.
    const fn is_operators(self) -> bool {
        matches!(self, Operators | Maker | Checker | Admin | Named | NamedAdmin)
    }

    /// Whether somebody without a token may call.
    fn is_open(self, reads: PublicReads, is_enforced: bool) -> bool {
        match self {
            Anyone => true,
            Chain => reads != PublicReads::None,
            Accounts => reads == PublicReads::All,
            Operators | Maker | Checker | Admin => !is_enforced,
            Named | NamedAdmin => false,
        }
    }

    /// The roles in words.
    fn role_words(self) -> String {
        let words: Vec<_> = self.roles().iter().map(|role| role.word()).collect();
        words.join(" or ")
    }

    /// For whom it is, in a sentence.
    pub(super) fn words(self) -> String {
        match self {
            Anyone => "For anyone.".to_owned(),
            Chain => {
                "For anyone unless `api.public_reads` is `none`; then for any operator.".into()
            }
            Accounts => "For anyone if `api.public_reads` is `all`; else for any operator.".into(),
            Operators => "For any operator.".to_owned(),
            Named => "For any operator, and nobody else even where there is none.".to_owned(),
            Maker | Checker | Admin | NamedAdmin => {
                format!("For an operator who is {}.", self.role_words())
            }
        }
    }
}

/// An operator that calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    name: String,
    role: Role,
    token: TokenHash,
}

/// True if the caller's token still counts; whoever came without one needs none.
pub(super) fn counts(state: &AppState, caller: Option<&Caller>) -> bool {
    caller.is_none_or(|caller| {
        let book = state.home.access.book().ok();
        let operator = book.as_ref().and_then(|book| book.find_hash(&caller.token));
        operator.is_some_and(|operator| operator.standing(now()) == Standing::Valid)
    })
}

/// Who calls, and whether the call is recorded.
struct Admitted {
    caller: Option<Caller>,
    is_recorded: bool,
}

/// Why a call is not made.
struct Denied {
    caller: Option<Caller>,
    refused: Refused,
}

impl From<Refused> for Denied {
    fn from(refused: Refused) -> Self {
        Self { caller: None, refused }
    }
}

/// Lets a call pass that may be made, and records what has to be recorded.
pub(super) async fn guard(
    State(state): State<Arc<AppState>>,
    ConnectInfo(Peer { address, .. }): ConnectInfo<Peer>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(rule) = rule(request.method().as_str(), path.as_str()) else {
        tracing::error!(path = path.as_str(), "a route is in no table of access");
        let problem = Problem::internal("The node does not know for whom this call is.");
        return Refused::from(problem).into_response();
    };
    let client = proxies::client(address, request.headers(), &state.api().trusted_proxies);
    let admitted = match admit(&state, rule, request.headers()) {
        Ok(admitted) => admitted,
        Err(Denied { caller, refused }) => {
            // Refusals can be had without end, and the log's room cannot.
            if let Err(wait) = state.refusals.take(client, Instant::now()) {
                return Refused::until(Problem::too_many_refusals(), wait).into_response();
            }
            let entry = entry(&request, client, caller.as_ref());
            let entry = Entry { status: Some(refused.status()), ..entry };
            // Nothing was done: whether this is recorded does not change the answer.
            let _ = state.trail.note(entry.detail(refused.detail()));
            return refused.into_response();
        }
    };
    let entry = admitted.is_recorded.then(|| entry(&request, client, admitted.caller.as_ref()));
    if let Some(caller) = admitted.caller {
        request.extensions_mut().insert(caller);
    }
    let Some(entry) = entry else { return next.run(request).await };
    if let Err(NotRecorded) = begin(&state, rule, &entry).await {
        let problem = Problem::not_ready("The node cannot write its audit log; nothing was done.");
        return Refused::from(problem).into_response();
    }
    let recording = Recording::new(state.clone(), entry);
    let is_post = request.method() == Method::POST;
    let request = if is_post { request.map(|body| recording.watch(body)) } else { request };
    let response = next.run(request).await;
    recording.end(response, rule.effect == Changes).await
}

/// Makes sure that the call will be recorded. An operator's order is, durably, before it is taken
/// up: a crash in its midst leaves no order that nobody gave.
async fn begin(state: &AppState, rule: Rule, entry: &Entry) -> Result<(), NotRecorded> {
    if rule.audience.is_operators() && rule.effect == Changes {
        return state.trail.record(Entry { kind: Kind::Begun, ..entry.clone() }).await;
    }
    if state.trail.is_writable() { Ok(()) } else { Err(NotRecorded) }
}

/// What is recorded of a call before it is made.
fn entry(request: &Request, from: IpAddr, caller: Option<&Caller>) -> Entry {
    let id = request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone());
    let path = request.uri().path_and_query().map(|path| path.as_str().to_owned());
    Entry {
        operator: caller.map(|caller| caller.name.clone()),
        role: caller.map(|caller| caller.role),
        from: Some(from.to_string()),
        request: id,
        method: Some(request.method().to_string()),
        path,
        ..Entry::new(Kind::Call, now())
    }
}

fn admit(state: &AppState, rule: Rule, headers: &HeaderMap) -> Result<Admitted, Denied> {
    let Rule { audience, effect } = rule;
    let reads = state.home.config.public_reads();
    let token = token(headers)?;
    let book = match operators(state) {
        Ok(book) => book,
        // What needs nobody's word goes on.
        Err(_) if token.is_none() && audience.is_open(reads, true) => {
            return Ok(Admitted { caller: None, is_recorded: effect == Changes });
        }
        Err(refused) => return Err(refused.into()),
    };
    let is_enforced = state.home.access.is_enforced(&book);
    let Some(token) = token else {
        if audience.is_open(reads, is_enforced) {
            let is_recorded = audience.is_operators() || (is_enforced && effect == Changes);
            return Ok(Admitted { caller: None, is_recorded });
        }
        let problem = Problem::token_missing(&audience.role_words());
        return Err(Refused::challenge(problem, challenge("")).into());
    };
    let caller = identify(&book, &token)?;
    if audience.roles().contains(&caller.role) {
        return Ok(Admitted { caller: Some(caller), is_recorded: true });
    }
    let roles = audience.role_words();
    let problem = Problem::role_refused(&caller.name, caller.role.word(), &roles);
    let scope = format!(", error=\"insufficient_scope\", scope=\"{}\"", roles.replace(" or ", " "));
    let refused = Refused::challenge(problem, challenge(&scope));
    Err(Denied { caller: Some(caller), refused })
}

/// Whose token it is, if it counts. Who shows a token that counted once is told what became of it.
fn identify(book: &Book, token: &Token) -> Result<Caller, Denied> {
    let Some(operator) = book.find(token) else {
        return Err(refused_token("The token is none of this node's operators.").into());
    };
    let (name, role) = (operator.name.clone(), operator.role);
    let caller = Caller { name, role, token: operator.token_hash };
    let reason = match operator.standing(now()) {
        Standing::Valid => return Ok(caller),
        Standing::Expired => format!("The token of {} has expired.", caller.name),
        Standing::Revoked => format!("The token of {} was revoked.", caller.name),
    };
    Err(Denied { caller: Some(caller), refused: refused_token(reason) })
}

/// The token that a request shows, if it shows one.
fn token(headers: &HeaderMap) -> Result<Option<Token>, Refused> {
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    let Some(first) = shown.next() else { return Ok(None) };
    let bearer = first.to_str().ok().and_then(|text| text.split_once(' '));
    let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match (bearer, shown.next()) {
        (Some((_, text)), None) => match Token::parse(text.trim()) {
            Some(token) => Ok(Some(token)),
            None => Err(refused_token("The token is none of this node's operators.")),
        },
        (_, Some(_)) => Err(refused_token("There is more than one header Authorization.")),
        (None, None) => Err(refused_token("The header Authorization is not: Bearer TOKEN.")),
    }
}

fn refused_token(reason: impl Into<String>) -> Refused {
    let problem = Problem::token_refused(reason);
    Refused::challenge(problem, challenge(", error=\"invalid_token\""))
}

/// The value of `WWW-Authenticate` (RFC 6750).
fn challenge(more: &str) -> String {
    format!("Bearer realm=\"feiqian-node\"{more}")
}

/// The operators as they are now; a change since the last look is recorded.
pub(super) fn operators(state: &AppState) -> Result<Arc<Book>, Refused> {
    // Held over both, so that changes are recorded in their order.
    let mut known = state.known.lock().unwrap_or_else(PoisonError::into_inner);
    let book = state.home.access.book().map_err(|error| {
        tracing::error!(%error, "who the operators are cannot be read: no token counts");
        Refused::from(Problem::not_ready("This node cannot read who its operators are."))
    })?;
    if !Arc::ptr_eq(&known, &book) {
        let changes = known.changes(&book).join("; ");
        if !changes.is_empty() {
            tracing::info!(changes, "the operators were changed");
            // A log that takes nothing has said so.
            let _ = state.trail.note(Entry::new(Kind::Operators, now()).detail(changes));
        }
        known.clone_from(&book);
    }
    Ok(book)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_has_two_rows() {
        for (place, (method, path, ..)) in TABLE.iter().enumerate() {
            let rest = TABLE.iter().skip(place + 1);
            assert_eq!(rest.filter(|row| (row.0, row.1) == (*method, *path)).count(), 0, "{path}");
        }
        assert_eq!(rule("HEAD", "/v1/status"), rule("GET", "/v1/status"));
        assert_eq!(rule("DELETE", "/v1/status"), None);
        assert_eq!(rule("GET", "/v1/status/"), None);
    }

    #[test]
    fn whoever_has_no_token_may_do_what_is_public() {
        use PublicReads::{All, None};
        for (audience, reads, enforced, open) in [
            (Anyone, None, true, true),
            (Chain, All, true, true),
            (Chain, PublicReads::Chain, true, true),
            (Chain, None, false, false),
            (Accounts, All, true, true),
            (Accounts, PublicReads::Chain, false, false),
            (Accounts, None, false, false),
            (Operators, All, false, true),
            (Operators, All, true, false),
            (Maker, All, true, false),
            (Checker, All, true, false),
            (Admin, All, true, false),
            (Admin, None, false, true),
            (Named, All, false, false),
            (NamedAdmin, All, false, false),
        ] {
            assert_eq!(audience.is_open(reads, enforced), open, "{audience:?} {reads:?}");
        }
    }

    #[test]
    fn a_token_is_read_from_one_header_of_one_form() {
        let good = Token::new([9; 32]);
        let shown = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            token(&headers)
        };
        let bearer = format!("Bearer {}", good.reveal());
        assert!(shown(&[]).unwrap().is_none());
        for value in [bearer.clone(), bearer.replace("Bearer", "bearer"), format!("{bearer} ")] {
            assert_eq!(shown(&[&value]).unwrap(), Some(good.clone()), "{value}");
        }
        for bad in ["", "Bearer", "Bearer ", "Basic bGk6eA==", good.reveal(), "Bearer fqop_x"] {
            assert_eq!(shown(&[bad]).unwrap_err().status(), 401, "{bad:?}");
        }
        assert_eq!(shown(&[&bearer, &bearer]).unwrap_err().status(), 401);
    }
}
