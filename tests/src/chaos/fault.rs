//! What can go wrong with real processes, and what the others are still owed then.
//!
//! Invariant: a fault says itself which nodes it keeps from taking part; so whether payments must
//! go on during a round is decided here and not by who inflicts it. Absent: how it is inflicted.

use std::{collections::BTreeSet, fmt, time::Duration};

use crate::sim::random::Random;

/// How many nodes a field has.
pub const NODES: usize = 4;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// SIGKILL.
    Kill,
    /// SIGTERM.
    Stop,
    /// SIGSTOP, later SIGCONT.
    Pause,
    /// SIGKILL for all at once.
    KillAll,
    /// Nothing to or from one node.
    Isolation,
    /// Two nodes on each side.
    Halves,
    /// A node that hears nobody, or that nobody hears.
    OneWay,
    /// Each node hears its two neighbours only.
    Ring,
    /// Bytes arrive late.
    Delay,
    /// Packets are lost.
    Loss,
    /// Few bytes a second pass.
    Narrowness,
    /// Connections break.
    Reset,
    /// No room on a node's disk.
    FullDisk,
    /// A node's clock is wrong.
    Clock,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Kill,
        Self::Stop,
        Self::Pause,
        Self::KillAll,
        Self::Isolation,
        Self::Halves,
        Self::OneWay,
        Self::Ring,
        Self::Delay,
        Self::Loss,
        Self::Narrowness,
        Self::Reset,
        Self::FullDisk,
        Self::Clock,
    ];

    /// A word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill -9",
            Self::Stop => "stop",
            Self::Pause => "pause",
            Self::KillAll => "kill -9 of all",
            Self::Isolation => "isolation",
            Self::Halves => "halves",
            Self::OneWay => "one-way cut",
            Self::Ring => "ring",
            Self::Delay => "delay",
            Self::Loss => "loss",
            Self::Narrowness => "narrow link",
            Self::Reset => "reset",
            Self::FullDisk => "full disk",
            Self::Clock => "wrong clock",
        }
    }
}

/// A fault. Nodes are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL; started again when the round ends.
    Kill(usize),
    /// SIGTERM; started again when the round ends.
    Stop(usize),
    /// SIGSTOP; SIGCONT when the round ends.
    Pause(usize),
    /// SIGKILL for all; started again at once.
    KillAll,
    /// Every link to and from the node is cut.
    Isolate(usize),
    /// Node 0 and this one are cut from the other two.
    Halves(usize),
    /// Every link from the node is cut, or every link to it.
    OneWay {
        /// The node.
        node: usize,
        /// True: nobody hears it. False: it hears nobody.
        outward: bool,
    },
    /// 0-1-2-3-0: links between opposite nodes are cut.
    Ring,
    /// Every link to and from the node, or all links, are slow.
    Delay {
        /// The node; none for all links.
        node: Option<usize>,
        /// How much later bytes arrive, one way.
        delay: Duration,
    },
    /// Every link to and from the node, or all links, lose packets.
    Loss {
        /// The node; none for all links.
        node: Option<usize>,
        /// Of a thousand packets.
        per_mille: u16,
    },
    /// Every link to and from the node carries few bytes.
    Narrow {
        /// The node.
        node: usize,
        /// How many in a second.
        bytes_per_second: u32,
    },
    /// Every connection of the node breaks, and is made anew.
    Reset(usize),
    /// The disk of the node that has a small one is full.
    FullDisk,
    /// The node's clock is off.
    Clock {
        /// The node.
        node: usize,
        /// By so many seconds.
        seconds: i32,
    },
}

impl Fault {
    /// Draws a fault of a kind.
    pub fn draw(kind: Kind, random: &mut Random) -> Self {
        let node = random.position(NODES);
        match kind {
            Kind::Kill => Self::Kill(node),
            Kind::Stop => Self::Stop(node),
            Kind::Pause => Self::Pause(node),
            Kind::KillAll => Self::KillAll,
            Kind::Isolation => Self::Isolate(node),
            Kind::Halves => Self::Halves(1 + random.position(NODES - 1)),
            Kind::OneWay => Self::OneWay { node, outward: random.chance(500) },
            Kind::Ring => Self::Ring,
            Kind::Delay => {
                let delay = Duration::from_millis(random.between(5, 250));
                Self::Delay { node: random.chance(500).then_some(node), delay }
            }
            Kind::Loss => {
                let per_mille = u16::try_from(random.between(10, 150)).unwrap_or(100);
                Self::Loss { node: random.chance(500).then_some(node), per_mille }
            }
            Kind::Narrowness => {
                let kilobytes = u32::try_from(random.between(8, 256)).unwrap_or(64);
                Self::Narrow { node, bytes_per_second: kilobytes * 1024 }
            }
            Kind::Reset => Self::Reset(node),
            Kind::FullDisk => Self::FullDisk,
            Kind::Clock => {
                const SECONDS: [i32; 8] = [-7200, -120, -30, -3, 3, 30, 120, 7200];
                let seconds = SECONDS.get(random.position(SECONDS.len())).copied().unwrap_or(3);
                Self::Clock { node, seconds }
            }
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Kill(_) => Kind::Kill,
            Self::Stop(_) => Kind::Stop,
            Self::Pause(_) => Kind::Pause,
            Self::KillAll => Kind::KillAll,
            Self::Isolate(_) => Kind::Isolation,
            Self::Halves(_) => Kind::Halves,
            Self::OneWay { .. } => Kind::OneWay,
            Self::Ring => Kind::Ring,
            Self::Delay { .. } => Kind::Delay,
            Self::Loss { .. } => Kind::Loss,
            Self::Narrow { .. } => Kind::Narrowness,
            Self::Reset(_) => Kind::Reset,
            Self::FullDisk => Kind::FullDisk,
            Self::Clock { .. } => Kind::Clock,
        }
    }

    /// The nodes that cannot take part as they should while it lasts; `small` is the one with the
    /// small disk. Links that are merely bad keep nobody out: at worst they are slow.
    #[must_use]
    pub fn keeps_out(&self, small: usize) -> BTreeSet<usize> {
        match *self {
            Self::Kill(node)
            | Self::Stop(node)
            | Self::Pause(node)
            | Self::Isolate(node)
            | Self::OneWay { node, .. }
            | Self::Narrow { node, .. }
            | Self::Reset(node)
            | Self::Clock { node, .. } => BTreeSet::from([node]),
            Self::FullDisk => BTreeSet::from([small]),
            Self::Delay { node, .. } | Self::Loss { node, .. } => node.into_iter().collect(),
            Self::KillAll | Self::Halves(_) | Self::Ring => (0..NODES).collect(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.kind().name();
        let at = |node: Option<usize>| {
            node.map_or("all links".to_owned(), |node| format!("node {node}"))
        };
        match self {
            Self::KillAll | Self::Ring | Self::FullDisk => out.write_str(name),
            Self::Kill(node)
            | Self::Stop(node)
            | Self::Pause(node)
            | Self::Isolate(node)
            | Self::Reset(node) => write!(out, "{name} (node {node})"),
            Self::Halves(node) => write!(out, "{name} (0 and {node})"),
            Self::OneWay { node, outward: true } => write!(out, "{name} (nobody hears {node})"),
            Self::OneWay { node, outward: false } => write!(out, "{name} ({node} hears nobody)"),
            Self::Delay { node, delay } => {
                write!(out, "{name} ({}, {} ms)", at(*node), delay.as_millis())
            }
            Self::Loss { node, per_mille } => {
                write!(out, "{name} ({}, {per_mille} of 1000)", at(*node))
            }
            Self::Narrow { node, bytes_per_second } => {
                write!(out, "{name} (node {node}, {} KiB/s)", bytes_per_second / 1024)
            }
            Self::Clock { node, seconds } => write!(out, "{name} (node {node}, {seconds:+} s)"),
        }
    }
}
