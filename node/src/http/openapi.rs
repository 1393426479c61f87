//! `GET /openapi.json`: the OpenAPI 3.1 document of this API, made from its handlers and types.
//!
//! Invariants: a route is documented where it is made, so router and document cannot differ; every
//! refusal is described as a problem document. Absent: the descriptions themselves, which stand at
//! the handlers and at the types of the package `api`.

use std::sync::Arc;

use api::event::AlertView;
use api::governance::ProposalView;
use api::problem::Problem;
use api::receipt::ReceiptView;
use api::webhook::WebhookMessage;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Content, HeaderBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder,
};

use super::access::{self, Audience};
use super::docs;
use super::request_id::HEADER;
use crate::access::Role;

/// The groups of operations.
pub(super) mod tag {
    pub(crate) const TRANSACTIONS: &str = "Transactions";
    pub(crate) const PAYMENTS: &str = "Payments";
    pub(crate) const ACCOUNTS: &str = "Accounts";
    pub(crate) const CHAIN: &str = "Chain";
    pub(crate) const GOVERNANCE: &str = "Governance";
    pub(crate) const QUOTES: &str = "Quotes";
    pub(crate) const ISO20022: &str = "ISO 20022";
    pub(crate) const EVENTS: &str = "Events";
    pub(crate) const WEBHOOKS: &str = "Webhooks";
    pub(crate) const AUDIT: &str = "Audit";
    pub(crate) const HEALTH: &str = "Health";
    pub(crate) const REFERENCE: &str = "Reference";
}

/// What the document says beside operations and types.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Feiqian node",
        description = "The HTTP API of a node of the Feiqian settlement ledger. Amounts are \
                       decimal text with their asset (`100.50 CNY`), times RFC 3339 in UTC, \
                       payments' ids UUIDs (their UETR), hashes and keys hexadecimal, files \
                       base64.\n\nEvery answer names its request in the header `X-Request-Id`, \
                       which a client may choose. Every refusal is a problem document (RFC 9457) \
                       with a stable `code`, a `hint` and `retry`: `never`, `later` (nothing is \
                       wrong with the request) or `same` (the outcome is unknown, and the same \
                       bytes tell it).\n\nThe same transaction gets the same receipts, whenever \
                       and at whichever node it is sent again.\n\nWhat is for operators needs \
                       their token: `Authorization: Bearer fqop_...`. A node that never had an \
                       operator, and is of no production network, lets anyone do it.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(),
    ),
    components(schemas(Problem, ReceiptView, ProposalView, AlertView, WebhookMessage)),
    tags(
        (name = tag::TRANSACTIONS, description = "Submit and try signed transactions"),
        (name = tag::PAYMENTS, description = "What became of a payment, and its proof"),
        (name = tag::ACCOUNTS, description = "Accounts, holdings, histories, and their proofs"),
        (name = tag::CHAIN, description = "Blocks, validators, institutions, assets, status"),
        (name = tag::GOVERNANCE, description = "Proposed changes of the network"),
        (name = tag::QUOTES, description = "Firm offers of a node that deals"),
        (name = tag::ISO20022, description = "ISO 20022 messages"),
        (name = tag::EVENTS, description = "What happens, as it happens"),
        (name = tag::WEBHOOKS, description = "Where events are sent, and what became of them"),
        (name = tag::AUDIT, description = "The log of who called what"),
        (name = tag::HEALTH, description = "For monitoring"),
        (name = tag::REFERENCE, description = "This description"),
    ),
)]
pub(super) struct Frame;

/// The name of the one way to say who one is.
const TOKEN: &str = "operatorToken";

/// The refusals that any operation of the API proper may answer.
const GENERAL: [u16; 6] = [400, 401, 429, 431, 500, 503];

/// The document as it is served, and the page made of it.
pub(super) struct Pages {
    document: Vec<u8>,
    page: docs::Page,
}

impl Pages {
    /// Makes the pages of the routes' document.
    pub(super) fn new(document: &Document) -> Self {
        let json = serde_json::to_value(document).unwrap_or_default();
        // A document is made of strings and numbers: it always renders.
        let text = serde_json::to_vec_pretty(&json).unwrap_or_default();
        Self { document: text, page: docs::Page::new(&json) }
    }

    /// The page.
    pub(super) const fn page(&self) -> &docs::Page {
        &self.page
    }
}

/// The OpenAPI document of this API.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = tag::REFERENCE,
    operation_id = "getOpenApi",
    responses((
        status = 200,
        description = "The OpenAPI 3.1 document",
        content((inline(Object) = "application/json")),
    )),
)]
pub(super) async fn show(State(pages): State<Arc<Pages>>) -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    (headers, pages.document.clone())
}

/// Completes the document of the routes: refusals, headers, version.
pub(super) fn finish(document: &mut Document) {
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document.info.contact = None;
    for (path, item) in &mut document.paths.paths {
        let general: &[u16] = if path.starts_with("/v1/") { &GENERAL } else { &[] };
        for (method, operation) in operations(item) {
            if let Some(rule) = access::rule(method, path) {
                admit(operation, rule.audience);
            }
            complete(operation, general);
        }
    }
    let about = "An operator's token, as `feiqian-node operator add` gave it";
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(about));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer.build()));
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, .. } = item;
    let methods = [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete)];
    methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Says for whom an operation is.
fn admit(operation: &mut Operation, audience: Audience) {
    let words = audience.words();
    let described = operation.description.take().filter(|text| !text.is_empty());
    operation.description = Some(match described {
        Some(text) => format!("{text}\n\n{words}"),
        None => words,
    });
    let any: [&str; 0] = [];
    let roles = audience.roles().iter().map(|role| role.word());
    operation.security = match audience {
        Audience::Anyone => None,
        Audience::Chain | Audience::Accounts => {
            Some(vec![SecurityRequirement::default(), SecurityRequirement::new(TOKEN, any)])
        }
        Audience::Operators
        | Audience::Maker
        | Audience::Checker
        | Audience::Admin
        | Audience::Named
        | Audience::NamedAdmin => Some(vec![SecurityRequirement::new(TOKEN, roles)]),
    };
    if audience.roles().len() < Role::ALL.len() {
        let refused = || RefOr::T(ResponseBuilder::new().build());
        operation.responses.responses.entry("403".to_owned()).or_insert_with(refused);
    }
}

fn complete(operation: &mut Operation, general: &[u16]) {
    let responses = &mut operation.responses.responses;
    for status in general {
        let status = status.to_string();
        responses.entry(status).or_insert_with(|| RefOr::T(ResponseBuilder::new().build()));
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response {
            describe(status, response);
        }
    }
}

fn header(kind: Type) -> HeaderBuilder {
    HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(kind)))
}

fn describe(status: &str, response: &mut Response) {
    let id = header(Type::String);
    let id = id.description(Some("The request's id: the client's own, or a new one"));
    response.headers.insert(HEADER.to_owned(), id.build().into());
    let Some(meaning) = refusal(status) else { return };
    if response.description.is_empty() {
        meaning.clone_into(&mut response.description);
    }
    if response.content.is_empty() {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        response.content.insert(Problem::MEDIA_TYPE.to_owned(), RefOr::T(problem));
    }
    if status == "401" {
        let challenge = header(Type::String);
        let challenge = challenge.description(Some("How to say who one is (RFC 6750)"));
        response.headers.insert("WWW-Authenticate".to_owned(), challenge.build().into());
    }
    if ["429", "503"].contains(&status) {
        let seconds = header(Type::Integer);
        let seconds = seconds.description(Some("After how many seconds to send it again"));
        response.headers.insert("Retry-After".to_owned(), seconds.build().into());
    }
}

/// What a refusing status means; `None` for one that refuses nothing.
fn refusal(status: &str) -> Option<&'static str> {
    Some(match status {
        "400" => "The request cannot be read",
        "401" => "The call needs a token, or the token does not count",
        "403" => "This node does not offer that, or the operator's role does not allow it",
        "404" => "There is no such thing",
        "409" => "The present state forbids it; `code` says why",
        "410" => "This node does not keep it any more",
        "413" => "The request is too large, or nested too deeply",
        "415" => "The media type is not taken",
        "422" => "The ledger rejects the transaction; nothing was paid",
        "429" => "Too many requests from this address",
        "431" => "The request's headers are too large",
        "500" => "The node made a mistake",
        "503" => "The node is busy or not ready; nothing was taken in",
        "504" => "The outcome is not known yet; the same bytes tell it",
        _ => return None,
    })
}
