//! The configuration's text with a comment above every key: what a new home's `node.toml` says.
//!
//! Invariants: only comments are added, so the text reads back as what it was; every key has its
//! explanation (a test compares). Absent: bounds and defaults in full; the manual has them
//! (docs/operating/configuration.md).

/// What stands at the top.
const HEAD: &str = "\
# A node's configuration. Paths are relative to this file. A key that does not exist is refused.
# `feiqian-node check` looks at it; the manual is docs/operating/configuration.md. The node reads it
# at its start.
";

/// Section, key, explanation; an empty key explains the section.
const EXPLANATIONS: &[(&str, &str, &str)] = &[
    ("node", "", "Who this node is, and of which network."),
    ("node", "bic", "The institution that runs it."),
    ("node", "chain_id", "The chain that all members agreed on: another document is refused."),
    ("node", "genesis", "The sealed genesis document."),
    ("node", "keys", "The folder of voting.key (an observer has none) and node.key, mode 0700."),
    ("network", "", "The network between the nodes."),
    ("network", "listen", "Where to listen for peers; several for machines with several networks."),
    ("network.peers", "", "Where to reach peers, by BIC, if not where the ledger says."),
    ("api", "", "The HTTP API."),
    ("api", "listen", "It has no TLS of its own: put a proxy in front before it faces a network."),
    ("api", "requests", "Requests worked on at once, 1 to 100000; one more is answered 503."),
    ("api", "streams", "Streams of events at once, 1 to 100000; one more is answered 503."),
    ("api", "wait_seconds", "How long a submission may wait for its receipts, 1 to 600."),
    ("api", "drain_seconds", "Told to stop, how long to answer while not ready, 0 to 300."),
    ("api", "body_bytes", "The most bytes of any body, 1 KiB to 16 MiB."),
    ("api", "body_seconds", "How long a body may take to arrive, 1 to 600."),
    ("api", "headers", "The most headers of a request, 8 to 100."),
    ("api", "header_bytes", "The most bytes of path, query and headers, 1 KiB to 256 KiB."),
    ("api", "header_seconds", "How long path and headers may take to arrive, 1 to 600 seconds."),
    ("api", "json_depth", "The most levels of a JSON body, 1 to 100."),
    ("api", "rate_per_second", "Requests a second of one client address; 0: any number."),
    ("api", "rate_burst", "How many of them at once, 1 to 1000000."),
    ("api", "public_reads", "What needs no operator's token to be read: all, chain or none."),
    ("api", "audit_file_bytes", "The audit log starts a new file at this size, 64 KiB to 4 GiB."),
    ("api", "trusted_proxies", "Whose X-Forwarded-For says which address a client has."),
    ("api", "origins", "Web pages whose scripts may read answers (CORS)."),
    ("webhooks", "", "Events sent to other systems: docs/reference/api.md."),
    ("webhooks", "concurrency", "Messages to one endpoint at once, 1 to 64."),
    ("webhooks", "timeout_seconds", "How long an endpoint may take to answer, 1 to 60."),
    ("webhooks", "retry_seconds", "The first pause after a failure, 1 to 3600; then twice that."),
    ("webhooks", "give_up_hours", "After how long a message is given up, 1 to 720."),
    ("webhooks", "ca", "Whose certificates endpoints must have; without it, public ones."),
    ("webhooks.endpoints", "", "Where events are sent."),
    ("webhooks.endpoints", "name", "Its name: a-z, 0-9 and -."),
    ("webhooks.endpoints", "url", "https, or http to this machine."),
    ("webhooks.endpoints", "secret", "The file of its secret, mode 0600: whsec_ and base64."),
    ("webhooks.endpoints", "events", "The types of events; none named: all."),
    ("webhooks.endpoints", "accounts", "The accounts whose payments; none named: all."),
    ("storage", "", "Disk."),
    ("storage", "segment_bytes", "The block log starts a new file at this size, 1 MiB to 4 GiB."),
    ("storage", "retain_blocks", "Blocks kept with all that belongs to them, 16 or more; 0: all."),
    (
        "storage",
        "snapshot_every",
        "Blocks between snapshots served to others; the same on all nodes.",
    ),
    (
        "storage",
        "snapshot_beyond",
        "So far behind, fetch a snapshot; 0: only if no peer has the blocks.",
    ),
    ("iso", "", "ISO 20022 messages."),
    ("iso", "dealer", "The API of a node that quotes, for messages that pay across currencies."),
    ("iso", "dealer_token", "The file of this institution's token at that node, mode 0600."),
    ("iso.operators", "", "Whose messages are taken."),
    ("iso.operators", "bic", "The institution."),
    ("iso.operators", "keys", "Its operators' key files, as many as its threshold asks for."),
    ("dealer", "", "Quotes at fixed rates."),
    ("dealer", "account", "The account that takes in and pays out."),
    ("dealer", "key", "Its owner's key, of the kind \"account\"."),
    ("dealer", "valid_seconds", "How long a quote is firm, 1 to 86400."),
    ("dealer.rates", "", "One pair of assets."),
    ("dealer.rates", "sell", "What the payer sells."),
    ("dealer.rates", "buy", "What the payee receives."),
    ("dealer.rates", "rate", "Units of `buy` for one unit of `sell`."),
    ("dealer.rates", "middle", "The market's middle rate, to disclose the markup."),
    ("dealer.rates", "minimum", "The least at once, in units of `sell`."),
    ("dealer.rates", "maximum", "The most at once, in units of `sell`."),
    ("log", "", "The log, on standard error."),
    ("log", "format", "\"text\", or \"json\": one object a line."),
    ("log", "level", "error, warn, info, debug, trace; or a filter: \"info,node::net=debug\"."),
];

/// Sections that are not everyone's, as comments where they are missing.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "network.peers",
        "\
# Where to reach a peer, by BIC, if not where the ledger says:
# [network.peers]
# ICBKCNBJ = [\"10.0.0.7:7600\"]
",
    ),
    (
        "iso.operators",
        "\
# Take ISO 20022 messages of this institution, with as many keys as its threshold asks for:
# [[iso.operators]]
# bic = \"PSBCCNBJ\"
# keys = [\"keys/operator-1.key\"]
",
    ),
];

/// The explained text of a configuration that was written as TOML.
pub(super) fn explain(text: &str) -> String {
    let mut explained = HEAD.to_owned();
    let mut section = String::new();
    let mut seen: Vec<String> = Vec::new();
    for line in text.lines() {
        let comment = match header(line) {
            Some(name) => {
                section = name.to_owned();
                let is_new = !seen.contains(&section);
                seen.push(section.clone());
                explanation(&section, "").filter(|_| is_new)
            }
            None => line.split_once(" = ").and_then(|(key, _)| explanation(&section, key)),
        };
        if let Some(comment) = comment {
            explained.push_str("# ");
            explained.push_str(comment);
            explained.push('\n');
        }
        explained.push_str(line);
        explained.push('\n');
    }
    for (section, example) in EXAMPLES {
        if !seen.iter().any(|seen| seen == section) {
            explained.push('\n');
            explained.push_str(example);
        }
    }
    explained
}

/// The name in `[name]` or `[[name]]`.
fn header(line: &str) -> Option<&str> {
    let inner = line.strip_prefix('[')?.strip_suffix(']')?;
    Some(inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(inner))
}

fn explanation(section: &str, key: &str) -> Option<&'static str> {
    let found = EXPLANATIONS.iter().find(|(at, of, _)| *at == section && *of == key);
    found.map(|(_, _, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_from_other_lines() {
        for (line, name) in [
            ("[node]", Some("node")),
            ("[[dealer.rates]]", Some("dealer.rates")),
            ("bic = \"PSBCCNBJ\"", None),
            ("]", None),
        ] {
            assert_eq!(header(line), name, "{line}");
        }
    }

    #[test]
    fn keys_and_sections_get_their_comments_once() {
        let text = explain(
            "[api]\nlisten = \"a\"\n\n[[dealer.rates]]\nsell = \"A\"\n\n[[dealer.rates]]\n",
        );
        assert!(text.contains("\n# The HTTP API.\n[api]\n# It has no TLS"), "{text}");
        assert_eq!(text.matches("# One pair of assets.").count(), 1);
        assert!(text.contains("# [network.peers]\n"), "{text}");
    }
}
