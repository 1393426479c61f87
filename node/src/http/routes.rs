//! The API's routes, each with its documentation, and the layers around them.
//!
//! Invariants: a route is made from a documented handler alone; every request passes, from outside
//! in, its seat, the naming, the origins, the limits, the gate of its class, and the guard of its
//! audience. Absent: what handlers do.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::gate::{self, Gate};
use super::openapi::{self, Frame, Pages};
use super::request_id::{self, Ids};
use super::traffic::Class;
use super::{
    AppState, access, accounts, approvals, audit, blocks, cors, directory, docs, events, health,
    history, iso20022, limits, metrics, payment_limits, payments, private, proposals, queue,
    quotes, recalls, refusal, seats, simulate, state_proofs, status, transactions, webhooks,
};

/// The whole API.
pub(super) fn router(state: &Arc<AppState>) -> Router {
    let (router, mut document) = documented(state);
    let (pages, more) = OpenApiRouter::<Arc<Pages>>::new()
        .routes(routes!(openapi::show))
        .routes(routes!(docs::show))
        .split_for_parts();
    document.merge(more);
    openapi::finish(&mut document);
    let pages = pages.with_state(Arc::new(Pages::new(&document)));
    let router = router
        .with_state(state.clone())
        .merge(pages)
        .fallback(refusal::no_such_path)
        .method_not_allowed_fallback(refusal::no_such_method)
        .layer(from_fn_with_state(state.clone(), limits::pass));
    let router = match cors::layer(&state.api().origins) {
        Some(layer) => router.layer(layer),
        None => router,
    };
    router
        .layer(from_fn_with_state(Arc::new(Ids::default()), request_id::name))
        .layer(from_fn(seats::occupy))
}

/// The routes with a state, and their document.
fn documented(state: &Arc<AppState>) -> (Router<Arc<AppState>>, Document) {
    let class = |class: Class, routes: OpenApiRouter<Arc<AppState>>| {
        let gate = Gate { state: state.clone(), class };
        routes
            .route_layer(from_fn_with_state(state.clone(), access::guard))
            .route_layer(from_fn_with_state(gate, gate::pass))
    };
    let new = OpenApiRouter::<Arc<AppState>>::new;
    let payments = new()
        .routes(routes!(payments::show))
        .routes(routes!(payments::prove))
        .routes(routes!(payments::prove_absence))
        .routes(routes!(private::show, private::hand_over, private::erase))
        .routes(routes!(recalls::list));
    let accounts = new()
        .routes(routes!(accounts::show))
        .routes(routes!(history::list))
        .routes(routes!(payment_limits::of_account))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::reviews))
        .routes(routes!(queue::list))
        .routes(routes!(state_proofs::account))
        .routes(routes!(state_proofs::holding));
    let chain = new()
        .routes(routes!(blocks::list))
        .routes(routes!(blocks::show))
        .routes(routes!(directory::validators))
        .routes(routes!(directory::institutions))
        .routes(routes!(payment_limits::of_institution))
        .routes(routes!(queue::positions))
        .routes(routes!(directory::assets))
        .routes(routes!(proposals::list))
        .routes(routes!(proposals::show))
        .routes(routes!(proposals::rehearse))
        .routes(routes!(status::show));
    let webhooks = new()
        .routes(routes!(webhooks::list))
        .routes(routes!(webhooks::show))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
        .routes(routes!(webhooks::rewind));
    OpenApiRouter::with_openapi(Frame::openapi())
        .merge(class(Class::Transactions, new().routes(routes!(transactions::submit))))
        .merge(class(Class::Simulate, new().routes(routes!(simulate::simulate))))
        .merge(class(Class::Payments, payments))
        .merge(class(Class::Accounts, accounts))
        .merge(class(Class::Chain, chain))
        .merge(class(Class::Quotes, new().routes(routes!(quotes::offer))))
        .merge(class(Class::Events, new().routes(routes!(events::follow))))
        .merge(class(Class::Iso20022, new().routes(routes!(iso20022::submit))))
        .merge(class(Class::Webhooks, webhooks))
        .merge(class(Class::Audit, new().routes(routes!(audit::head))))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::scrape))
        .split_for_parts()
}
