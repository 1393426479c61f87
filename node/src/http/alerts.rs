//! Alerts: what an operator should know now, raised when it begins and cleared when it ends.
//!
//! Invariants: an alert is raised once its cause has been seen twice in a row, so what passes at
//! once alarms nobody; whoever connects is told of all that stand. Absent: a memory of alerts that
//! are over, and any action.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::event::AlertView;
use api::text;
use tokio::sync::watch;

use super::{AppState, Phase, access};
use crate::home::now;

/// How often the causes are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// What an alert is about: its code and its subject.
type Key = (&'static str, Option<String>);

/// The alerts that stand.
pub(crate) type Standing = BTreeMap<Key, AlertView>;

/// The alerts of a node.
#[derive(Debug)]
pub(crate) struct Alerts(watch::Sender<Arc<Standing>>);

impl Default for Alerts {
    fn default() -> Self {
        Self(watch::Sender::new(Arc::default()))
    }
}

impl Alerts {
    /// The alerts, as they change.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Standing>> {
        self.0.subscribe()
    }
}

/// Looks at the causes until the node stops.
pub(super) async fn watch(state: Arc<AppState>) {
    let mut phase = state.phase.clone();
    let mut ticks = tokio::time::interval(EVERY);
    let mut before = Standing::new();
    loop {
        tokio::select! {
            _ = phase.wait_for(|phase| *phase == Phase::Stopping) => return,
            _ = ticks.tick() => {}
        }
        // Who was added or revoked stands in the audit log soon, even if nobody calls.
        let _noted = access::operators(&state);
        let causes = causes(&state);
        let standing = state.alerts.0.borrow().clone();
        let after = next(&standing, &before, &causes);
        if after != *standing {
            for alert in changes(&standing, &after, &text::time(now())) {
                let AlertView { code, subject, state, detail, .. } = alert;
                tracing::warn!(code, subject, state, detail, "an alert");
            }
            state.alerts.0.send_replace(Arc::new(after));
        }
        before = causes;
    }
}

/// The alerts that stand after a look: those that stood, and causes that are seen again.
fn next(standing: &Standing, before: &Standing, causes: &Standing) -> Standing {
    let stays = |key: &Key| standing.get(key).or_else(|| before.get(key)).cloned();
    causes.keys().filter_map(|key| Some((key.clone(), stays(key)?))).collect()
}

/// What is different in `after`: what was raised, and what was cleared at `time`.
pub(crate) fn changes(before: &Standing, after: &Standing, time: &str) -> Vec<AlertView> {
    let cleared = before.iter().filter(|(key, _)| !after.contains_key(*key)).map(|(_, alert)| {
        let (state, time) = (AlertView::CLEARED.to_owned(), time.to_owned());
        AlertView { state, time, ..alert.clone() }
    });
    let raised = after.iter().filter(|(key, _)| !before.contains_key(*key));
    cleared.chain(raised.map(|(_, alert)| alert.clone())).collect()
}

/// Everything that is wrong now.
fn causes(state: &AppState) -> Standing {
    let view = &state.driver.view;
    let latest = view.latest();
    let validators = latest.tip.child_validators();
    let connected = view.connected_validators();
    let mut causes = Standing::new();
    let mut add = |code: &'static str, subject: Option<String>, severity: &str, detail: String| {
        let alert = AlertView {
            code: code.to_owned(),
            subject: subject.clone(),
            state: AlertView::RAISED.to_owned(),
            severity: severity.to_owned(),
            detail,
            time: text::time(now()),
        };
        causes.insert((code, subject), alert);
    };
    if !view.is_synced() {
        let detail = "This node catches up with the chain; what it shows is older.".to_owned();
        add("not-synced", None, AlertView::WARNING, detail);
    }
    let (quorum, here) = (validators.quorum(), connected.len());
    if here < quorum {
        let detail = format!("{here} validators are connected, and {quorum} are needed.");
        add("quorum-lost", None, AlertView::CRITICAL, detail);
    }
    for (index, validator) in validators.iter() {
        if !connected.contains(&index) {
            let bic = validator.bic.to_string();
            let detail = format!("This node has no connection to the validator of {bic}.");
            add("validator-unreachable", Some(bic), AlertView::WARNING, detail);
        }
    }
    if !state.trail.is_writable() {
        let detail = "The audit log cannot be written; calls that belong in it are refused.";
        add("audit-log-failed", None, AlertView::CRITICAL, detail.to_owned());
    }
    for webhook in state.home.webhooks.failing() {
        let detail = format!("The webhook {webhook} does not take messages; they wait.");
        add("webhook-failing", Some(webhook), AlertView::WARNING, detail);
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(codes: &[(&'static str, &str)]) -> Standing {
        let alert = |code: &str, time: &str| AlertView {
            code: code.to_owned(),
            subject: None,
            state: AlertView::RAISED.to_owned(),
            severity: AlertView::WARNING.to_owned(),
            detail: String::new(),
            time: time.to_owned(),
        };
        codes.iter().map(|(code, time)| ((*code, None), alert(code, time))).collect()
    }

    #[test]
    fn what_passes_at_once_alarms_nobody() {
        let (none, first) = (standing(&[]), standing(&[("a", "1")]));
        assert_eq!(next(&none, &none, &first), none);
        // Seen twice, it stands since it was first seen.
        let second = standing(&[("a", "2")]);
        assert_eq!(next(&none, &first, &second), first);
        assert_eq!(next(&first, &second, &standing(&[("a", "3"), ("b", "3")])), first);
        assert_eq!(next(&first, &second, &none), none);
    }

    #[test]
    fn changes_are_raised_and_cleared() {
        let found = changes(&standing(&[("a", "1")]), &standing(&[("b", "2")]), "3");
        let words: Vec<_> =
            found.iter().map(|one| (one.code.as_str(), one.state.as_str(), &*one.time)).collect();
        assert_eq!(words, [("a", "cleared", "3"), ("b", "raised", "2")]);
    }
}
