//! `GET /metrics`: the node's numbers for Prometheus, read at the moment of the scrape.
//!
//! Invariants: names carry their units; labels have few values, none of them a customer's. Absent:
//! numbers per payment or account.

mod process;

use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use api::problem::Problem;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::AppState;
use super::openapi::tag;
use super::refusal::Answer;
use super::traffic::{BOUNDS, Class, STATUSES};
use crate::net::{Class as NetClass, ClassCounters};

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Renders all metrics.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = tag::HEALTH,
    operation_id = "getMetrics",
    responses((
        status = 200,
        description = "The metrics in the OpenMetrics text format",
        content((String = "application/openmetrics-text")),
    )),
)]
pub(super) async fn scrape(State(state): State<Arc<AppState>>) -> Answer {
    let mut registry = Registry::with_prefix("feiqian");
    registry.register_collector(Box::new(Scrape(state)));
    let mut body = String::new();
    let rendered = text::encode(&mut body, &registry);
    rendered.map_err(|fmt::Error| Problem::internal("The metrics could not be rendered."))?;
    Ok(([(CONTENT_TYPE, MEDIA_TYPE)], body).into_response())
}

struct Scrape(Arc<AppState>);

impl fmt::Debug for Scrape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Scrape")
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.chain(&mut encoder)?;
        self.private(&mut encoder)?;
        self.final_work(&mut encoder)?;
        self.network(&mut encoder)?;
        self.requests(&mut encoder)?;
        process::encode(&self.0, &mut encoder)
    }
}

impl Scrape {
    fn chain(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let (driver, view) = (&self.0.driver, &self.0.driver.view);
        let latest = view.latest();
        let blocks = Unit::Other("blocks".to_owned());
        let height = latest.tip.height().0;
        gauge(encoder, "final_height", "Height of the last final block", Some(&blocks), height)?;
        let indexed = view.indexed_height().0;
        gauge(encoder, "indexed_height", "Height of the index", Some(&blocks), indexed)?;
        let time = Duration::from_millis(latest.tip.header().time.0).as_secs_f64();
        let help = "Time of the last final block";
        gauge(encoder, "final_block_time", help, Some(&Unit::Seconds), time)?;
        let epoch = latest.tip.child_epoch().0;
        gauge(encoder, "epoch", "Number of the epoch", None, epoch)?;
        let synced = u32::from(view.is_synced());
        gauge(encoder, "synced", "1 if the node follows the chain's end", None, synced)?;
        let validators = latest.tip.child_validators();
        gauge(encoder, "validators", "Validators of the epoch", None, validators.count())?;
        let help = "Validators that must agree";
        gauge(encoder, "quorum_validators", help, None, validators.quorum())?;
        let connected = view.connected_validators().len();
        let help = "Validators with a connection, this one included";
        gauge(encoder, "connected_validators", help, None, connected)?;
        let help = "Submissions that wait for the core";
        gauge(encoder, "queued_submissions", help, None, driver.queued())
    }

    fn private(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Payments whose private data another institution has not acknowledged";
        match self.0.private.records.count_owed() {
            Ok(owed) => gauge(encoder, "private_data_owed", help, None, owed),
            Err(error) => {
                tracing::warn!(%error, "what private data is owed cannot be counted");
                Ok(())
            }
        }
    }

    fn final_work(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let totals = self.0.driver.view.totals.view();
        counter(encoder, "final_blocks", "Final blocks since the start", totals.blocks)?;
        let help = "Transactions in final blocks since the start";
        counter(encoder, "final_transactions", help, totals.transactions)?;
        let outcomes = [
            ("settled", totals.settled),
            ("done", totals.done),
            ("held", totals.held),
            ("released", totals.released),
            ("returned", totals.returned),
            ("awaiting-approval", totals.awaiting),
            ("awaiting-review", totals.in_review),
            ("refused", totals.refused),
            ("queued", totals.queued),
        ];
        let rejected = totals.rejected.iter().map(|(rejection, count)| (rejection.code(), *count));
        let help = "Receipts in final blocks since the start";
        let mut family = encoder.encode_descriptor("receipts", help, None, MetricType::Counter)?;
        for (outcome, count) in outcomes.into_iter().chain(rejected) {
            let labels = [("outcome", outcome)];
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        let help = "Rules of limits that payments in final blocks met since the start";
        let kind = MetricType::Counter;
        let mut family = encoder.encode_descriptor("rules_met", help, None, kind)?;
        let by_outcome = [("alert", totals.rules_alerted), ("refuse", totals.rules_refused)];
        for (outcome, count) in by_outcome {
            let labels = [("outcome", outcome)];
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        Ok(())
    }

    fn network(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let counters = self.0.driver.network.counters();
        for (name, help, count) in [
            ("peers_connected", "Peers that became connected", counters.connected),
            ("peers_disconnected", "Peers that became disconnected", counters.disconnected),
            ("unknown_peers", "Connections of keys that are not listed", counters.unknown_peers),
            ("failed_handshakes", "Connections that failed", counters.failed_handshakes),
            ("failed_dials", "Dials that failed", counters.failed_dials),
            ("peer_offences", "Connections closed for an offence", counters.offences),
            ("stalled_connections", "Connections closed for silence", counters.stalled),
        ] {
            counter(encoder, name, help, count)?;
        }
        type Of = fn(&ClassCounters) -> u64;
        let frames: [(&str, &str, Option<Unit>, Of); 5] = [
            ("sent_frames", "Frames sent", None, |class| class.sent_frames),
            ("sent", "Bytes sent", Some(Unit::Bytes), |class| class.sent_bytes),
            ("received_frames", "Frames received", None, |class| class.received_frames),
            ("received", "Bytes received", Some(Unit::Bytes), |class| class.received_bytes),
            ("dropped_frames", "Frames dropped", None, |class| class.dropped_frames),
        ];
        for (name, help, unit, of) in frames {
            let kind = MetricType::Counter;
            let mut family = encoder.encode_descriptor(name, help, unit.as_ref(), kind)?;
            for (class, counters) in NetClass::ALL.iter().zip(&counters.classes) {
                let mut label = String::new();
                write!(label, "{class:?}")?;
                let labels = [("class", label.to_lowercase())];
                let count = of(counters);
                family
                    .encode_family(&labels)?
                    .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
            }
        }
        Ok(())
    }

    fn requests(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let traffic = &self.0.traffic;
        let help = "Answered requests";
        let kind = MetricType::Counter;
        let mut family = encoder.encode_descriptor("http_requests", help, None, kind)?;
        for (class, label) in Class::ALL {
            for (status, count) in STATUSES.iter().zip(traffic.class(class).statuses()) {
                let labels = [("class", label), ("status", *status)];
                family
                    .encode_family(&labels)?
                    .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
            }
        }
        let help = "How long requests took, waiting for finality included";
        let (unit, kind) = (Some(&Unit::Seconds), MetricType::Histogram);
        let mut family = encoder.encode_descriptor("http_request_duration", help, unit, kind)?;
        for (class, label) in Class::ALL {
            let counters = traffic.class(class);
            let counts = counters.buckets();
            let bounds = BOUNDS.map(|bound| Duration::from_micros(bound).as_secs_f64());
            let bounds = bounds.into_iter().chain([f64::MAX]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
            let (sum, count) = (counters.took().as_secs_f64(), counts.iter().sum());
            let labels = [("class", label)];
            let mut family = family.encode_family(&labels)?;
            family.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    value: impl EncodeGaugeValue,
) -> fmt::Result {
    encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?.encode_gauge(&value)
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let mut encoder = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    encoder.encode_counter::<NoLabelSet, _, u64>(&value, None)
}
