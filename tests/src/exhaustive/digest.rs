//! Which states of a replica are one: their digest is a text that leaves out what does not matter.
//!
//! Left out are: clocks, measured times and repetitions (every time-out may happen at any time);
//! votes counted and candidates of views that were left (votes arrive as certificates); blocks held
//! (what a replica misses it is given at once); whether work waits, where it does not lead; and its
//! own number, where it leads nothing. Invariant: if the replica's parts change their names, this
//! fails, and does not leave out more. Absent: what the validator has said (see [`super::node`]).

use consensus::Replica;

/// The digest of a replica, validator `index` of a world of `views`.
pub(super) fn of(replica: &Replica, index: u16, views: u64) -> String {
    let text = format!("{replica:?}");
    let view = replica.view();
    let turn = between(&text, ", turn: Turn {", "}");
    let leads = view.0 <= views && replica.leader(view).0 == index;
    let busy = leads && (!turn.contains("busy_since: None") || text.contains(", is_fresh: true"));
    let building = if leads { after(turn, "building: ") } else { after(turn, "refused: ") };
    let signer = between(&text, ", signer: ", ", inquiry: ");
    let parts = [
        format!("{view} {busy} {building}"),
        signer.find(", closed: ").map_or(signer, |at| &signer[at..]).to_owned(),
        between(&text, ", inquiry: ", ", leaders: ").to_owned(),
        known_of_views(between(&text, ", views: ", ", chain: "), view.0),
        between(&text, ", finalized_hash: ", ", held: ").to_owned(),
    ];
    without_signatures(&parts.concat()).replace(&format!("ValidatorIndex({index})"), "me")
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = after(text, from);
    &rest[..rest.find(to).expect("a replica's parts have their names")]
}

fn after<'a>(text: &'a str, from: &str) -> &'a str {
    let start = text.find(from).expect("a replica's parts have their names");
    &text[start + from.len()..]
}

/// The certificates of all views, and votes and candidate of the current one.
fn known_of_views(text: &str, current: u64) -> String {
    let mut views = text.split("ViewState { ");
    let mut kept = views.next().unwrap_or_default().to_owned();
    let mut name = kept.clone();
    for view in views {
        let is_current = name.ends_with(&format!("View({current}): "));
        kept.push_str(if is_current { view } else { after(view, ", notarization: ") });
        name = view.to_owned();
    }
    kept
}

fn without_signatures(text: &str) -> String {
    let mut parts = text.split("Signature(");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.find(')').map_or(part, |end| &part[end..]));
    }
    kept
}
