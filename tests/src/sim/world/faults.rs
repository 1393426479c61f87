//! What the plan's faults do, and how all of them end.

use super::super::checkers::Observation;
use super::super::disk::Trouble;
use super::super::network::Weather;
use super::super::plan::Fault;
use super::{Happening, World};

impl World {
    pub(super) fn suffer(&mut self, fault: Fault) {
        if self.has_healed {
            return;
        }
        self.count(fault.name());
        self.audit.note(self.now, 0, fault.name(), 0);
        self.audit.explain(self.now, 0, || format!("suffers {fault:?}"));
        match fault {
            Fault::Kill(host, down) => self.crash(host, false, down),
            Fault::PowerLoss(host, down) => self.crash(host, true, down),
            Fault::Pause(host, length) => {
                let machine = &mut self.hosts[host];
                machine.held_until = machine.held_until.max(self.now + length);
            }
            Fault::Slow(host, step, length) => {
                self.hosts[host].slowness = step;
                self.events.add(self.now + length, Happening::Fast { host });
            }
            Fault::Partition(groups) => self.network.partition(&groups),
            Fault::Ring => self.network.ring(),
            Fault::OneWay(from, to) => self.network.cut(from, to),
            Fault::Mend => self.mend(),
            Fault::Disk(host, trouble, length) => {
                self.hosts[host].storage.disk.trouble(trouble, &mut self.random);
                self.events.add(self.now + length, Happening::Repaired { host });
            }
            Fault::Flip(host) => {
                self.hosts[host].storage.disk.flip(&mut self.random);
                let down = self.random.between(1, 300);
                self.crash(host, false, down);
            }
            Fault::Wipe(host, down) => {
                self.crash(host, false, down);
                self.wipe(host);
            }
            Fault::Clone { of, host } => {
                self.hosts[host].storage = self.hosts[of].storage.copy();
                self.hosts[host].exists = true;
                self.start(host);
            }
            Fault::Clock(host, step) => {
                self.hosts[host].skew = self.hosts[host].skew.saturating_add(step);
            }
        }
    }

    /// The process ends, and starts again later.
    fn crash(&mut self, host: usize, loses_power: bool, down: u64) {
        let machine = &mut self.hosts[host];
        if machine.is_up() {
            let is_syncing = machine.is_syncing();
            machine.storage.crash(&mut self.random, is_syncing, loses_power);
        }
        machine.end();
        self.start_after(host, down);
    }

    pub(super) fn start_after(&mut self, host: usize, down: u64) {
        let life = self.hosts[host].life;
        self.events.add(self.now + down, Happening::Start { host, life });
    }

    /// The home is wiped. Readers of this host begin anew as well.
    pub(super) fn wipe(&mut self, host: usize) {
        let first = &self.setup.first;
        self.hosts[host].storage.wipe(first);
        self.hosts[host].shown = 0;
    }

    /// The disk has failed: the process ends by itself, and is started again until it runs.
    pub(super) fn fail(&mut self, host: usize, why: &str) {
        self.count("stopped by its disk");
        self.audit.note(self.now, host, "fails", 0);
        self.audit.explain(self.now, host, || format!("stops: {why}"));
        let machine = &mut self.hosts[host];
        machine.storage.crash(&mut self.random, false, false);
        machine.end();
        let down = self.random.between(50, 1_000);
        self.start_after(host, down);
    }

    fn mend(&mut self) {
        self.network.mend();
        for host in 0..self.hosts.len() {
            if self.hosts[host].is_up() {
                self.connect(host);
            }
        }
    }

    pub(super) fn repair(&mut self, host: usize) {
        self.hosts[host].storage.disk.trouble(Trouble::None, &mut self.random);
    }

    /// Everything works from now on, and every process runs.
    pub(super) fn heal(&mut self) {
        self.audit.note(self.now, 0, "heal", 0);
        self.audit.explain(self.now, 0, || "heals, as all others".to_owned());
        self.has_healed = true;
        self.healed_with = self.highest_shown();
        self.network.weather = Weather::FAIR;
        for host in 0..self.hosts.len() {
            self.repair(host);
            let skew = self.plan.machines[host].skew;
            let machine = &mut self.hosts[host];
            machine.held_until = self.now;
            machine.slowness = 0;
            machine.skew = skew;
            if machine.exists && !machine.is_up() {
                self.start(host);
            }
        }
        self.mend();
        self.observe(&Observation::Healed);
    }
}
