//! Scenarios with a node that is slow or gone, and with nodes that are far from each other.
//!
//! Invariants: the rate before is that of the same clients at the same nodes, just before; a node
//! that was stopped goes on again, whatever happens.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::{Cluster, OPENING};
use crate::{
    chaos::{fault::Fault, field, links::Links},
    devnet::{Node, Signal},
    load::{
        figures,
        report::ScenarioReport,
        scenario::{LIGHT, Scenario},
    },
    xtask::Failure,
};

/// How long a slow node stands still, and then goes on, by turns.
const TURN: Duration = Duration::from_millis(50);

impl Cluster {
    /// One node is killed; the others' clients notice a rate.
    pub(super) fn one_down(&mut self) -> Result<(), Failure> {
        let (last, scenario) = (self.last(), self.saturation("one-down"));
        let before = self.bench(last).run(&scenario)?;
        self.devnet.node(last)?.kill()?;
        let during = self.bench(last).run(&scenario);
        self.devnet.restart(last)?;
        self.devnet.wait_in_step(&self.client, OPENING)?;
        self.keep(during?, before.final_per_second);
        Ok(())
    }

    /// One node stands still half of the time.
    pub(super) fn one_slow(&mut self) -> Result<(), Failure> {
        let (last, scenario) = (self.last(), self.saturation("one-slow"));
        let before = self.bench(last).run(&scenario)?;
        let over = AtomicBool::new(false);
        let slow = self.devnet.nodes.get(last);
        let during = std::thread::scope(|scope| {
            scope.spawn(|| slow.map(|node| halve(node, &over)));
            let during = self.bench(last).run(&scenario);
            over.store(true, Ordering::Relaxed);
            during
        });
        self.devnet.wait_in_step(&self.client, OPENING)?;
        self.keep(during?, before.final_per_second);
        Ok(())
    }

    /// Every node is so many milliseconds from every other: light load, then saturation.
    pub(super) fn far(&mut self, one_way_ms: u64) -> Result<(), Failure> {
        if self.distance.is_none() {
            self.devnet.stop_program()?;
            for place in 0..self.devnet.nodes.len() {
                self.devnet.node(place)?.kill()?;
            }
            self.distance = Some(field::introduce(&mut self.devnet, false)?);
            for place in 0..self.devnet.nodes.len() {
                self.devnet.restart(place)?;
            }
            self.devnet.wait_in_step(&self.client, OPENING)?;
        }
        let mut links = Links::default();
        links.add(&Fault::Delay { node: None, delay: Duration::from_millis(one_way_ms) });
        self.distance.iter().for_each(|proxies| proxies.apply(links));
        let seconds = self.frame.settings.seconds;
        // One more connection for each payment that is under way at such a distance.
        let name = format!("wan-{one_way_ms}");
        let light = Scenario::open(&name, LIGHT, 64, seconds);
        for scenario in [light, self.saturation(&format!("{name}-saturation"))] {
            let mut report = self.bench(usize::MAX).run(&scenario)?;
            report.one_way_ms = Some(one_way_ms);
            self.measured.push(report);
        }
        Ok(())
    }

    /// The place of the node that is disturbed.
    const fn last(&self) -> usize {
        self.devnet.nodes.len().saturating_sub(1)
    }

    fn keep(&mut self, mut report: ScenarioReport, before: u64) {
        report.before_per_second = Some(before);
        report.of_before = Some(figures::ratio(report.final_per_second, before));
        self.measured.push(report);
    }
}

/// Lets a node stand still and go on by turns until it is over.
fn halve(node: &Node, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        node.signal(Signal::STOP);
        std::thread::sleep(TURN);
        node.signal(Signal::CONT);
        std::thread::sleep(TURN);
    }
}
