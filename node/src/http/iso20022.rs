//! `POST /v1/iso20022`: a message with orders or questions in, its pacs.002 or camt.029 out.
//!
//! 200 with a status of every payment, 202 if some are not final yet; the same message again gets
//! the same answer. Invariants: a message that no payment of which concerns this node changes
//! nothing. Absent: the work (see `crate::iso`).

use std::sync::Arc;

use api::problem::Problem;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use iso20022::MessageFault;
use iso20022::xml::Limits;

use super::openapi::tag;
use super::refusal::{Answer, Refused};
use super::{AppState, body};
use crate::iso::{DeskError, Reception, Surroundings};

const XML: &str = "application/xml";

/// Takes a message.
#[utoipa::path(
    post,
    path = "/v1/iso20022",
    tag = tag::ISO20022,
    operation_id = "submitMessage",
    request_body(
        content = String,
        content_type = "application/xml",
        description = "An ISO 20022 message: pacs.008, pacs.009, pain.001, pacs.004, camt.056, \
                       camt.029 or pacs.028",
    ),
    responses(
        (
            status = 200,
            description = "Its answer, with the outcome of every payment: camt.029 to a camt.056, \
                           pacs.002 to all others",
            content((String = "application/xml")),
        ),
        (
            status = 202,
            description = "Its answer; some payments are not final yet",
            content((String = "application/xml")),
        ),
        (status = 403),
        (status = 413),
        (status = 415),
        (status = 422),
    ),
)]
pub(super) async fn submit(State(state): State<Arc<AppState>>, request: Request) -> Answer {
    let hint = "Send it to the node of the payer's institution; a pacs.004 or a camt.029 to that \
                of the payee's.";
    if !state.desk.is_open() {
        let detail = "This node holds no institution's operator key.";
        return Err(Problem::not_offered(detail, hint).into());
    }
    if !body::is_media_type(request.headers(), &[XML, "text/xml"]) {
        return Err(Problem::unsupported_media_type(XML).into());
    }
    let bytes = body::read(state.api(), request, Limits::default().total_bytes).await?;
    let around =
        Surroundings { driver: &state.driver, readers: &state.readers, deadline: state.deadline() };
    match state.desk.receive(around, &bytes).await? {
        Reception::Answer { xml, is_final } => {
            let status = if is_final { StatusCode::OK } else { StatusCode::ACCEPTED };
            Ok((status, [(CONTENT_TYPE, XML)], xml).into_response())
        }
        Reception::Refused(fault @ MessageFault::NotAccepted { .. }) => {
            let detail = format!("{fault} (ISO 20022 reason {})", fault.iso());
            Err(Problem::message_not_accepted(detail).into())
        }
        Reception::Refused(fault) => {
            let detail = format!("{fault} (ISO 20022 reason {})", fault.iso());
            Err(Problem::malformed(detail).into())
        }
        Reception::Foreign => {
            let detail = "This node acts for none of the institutions that the message is for.";
            Err(Problem::not_offered(detail, hint).into())
        }
    }
}

impl From<DeskError> for Refused {
    fn from(error: DeskError) -> Self {
        tracing::error!(%error, "a message could not be carried out");
        let problem = Problem::internal("The node failed while it worked on the message.");
        let hint = "Send the same message again: its payments are never made twice.";
        let detail = problem.detail.clone();
        problem.with(detail, hint).into()
    }
}
