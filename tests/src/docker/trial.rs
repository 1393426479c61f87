//! The network of `docker/compose.yml` for real: founded, opened, paid through, one node killed,
//! one cut off, both back, an observer and a light client that follow, Prometheus that sees them
//! all and judges by the alert rules, and a stop in order.
//!
//! Invariant: whatever becomes of it, its containers, networks and volumes are removed. Absent:
//! load and accounting at length (the trials of real processes do that).

use std::{net::TcpListener, time::Duration};

use api::chain::StatusView;
use serde::Deserialize;
use serde_json::Value;

use super::{context, engine::Engine};
use crate::{
    devnet::until,
    xtask::{Failure, command::Task, output, project},
};

/// Whose nodes there are; the last one observes.
const BANKS: [&str; 5] = ["psbccnbj", "icbkcnbj", "hsbchkhh", "dbsssgsg", "bofaus3n"];

/// How many rules alerts.yml has at least.
const RULES: usize = 5;

/// The payee of every payment.
const PAYEE: &str = "HSBCHKHH/lee";

/// The service that watches.
const MONITOR: &str = "prometheus";

/// The longest that anything is awaited.
const PATIENCE: Duration = Duration::from_secs(120);

/// The network in its containers.
pub struct Trial<'a> {
    engine: &'a Engine,
    project: String,
    ports: Vec<(String, u16)>,
    paid: u32,
}

/// What `feiqian-node status --output json` says.
#[derive(Deserialize)]
struct Report {
    ready: bool,
    status: Option<StatusView>,
}

impl<'a> Trial<'a> {
    /// A network of its own: other names and ports than any that runs already.
    ///
    /// # Errors
    /// When the system has no free ports.
    pub fn new(engine: &'a Engine) -> Result<Self, Failure> {
        let ports = BANKS.iter().chain([&MONITOR]).map(|service| {
            let variable = format!("{}_PORT", service.to_uppercase());
            free_port().map(|port| (variable, port))
        });
        let project = format!("feiqian-trial-{}", std::process::id());
        Ok(Self { engine, project, ports: ports.collect::<Result<_, _>>()?, paid: 0 })
    }

    /// Everything that is tried.
    ///
    /// # Errors
    /// What was not as it should be; the containers' last words are shown.
    pub fn run(mut self) -> Result<(), Failure> {
        let done = self.open().and_then(|()| self.play());
        if done.is_err() {
            let logs = ["--profile", "monitoring", "logs", "--no-color", "--tail", "20"];
            let _shown = self.compose(logs).run();
        }
        done
    }

    /// Starts the network and waits until it is open for business.
    fn open(&self) -> Result<(), Failure> {
        self.compose(["up", "-d"]).run()?;
        let opening = self.container("opening")?;
        let code = self.engine.docker(["wait", opening.as_str()]).read()?;
        if code.trim() == "0" {
            return Ok(());
        }
        Err(self.found(format!("the opening ended with {}", code.trim())))
    }

    fn play(&mut self) -> Result<(), Failure> {
        self.pay("four banks")?;
        self.kill("icbkcnbj")?;
        self.cut_off("dbsssgsg")?;
        self.observe("bofaus3n")?;
        self.pay("all back")?;
        self.verifies("light")?;
        self.watches()?;
        self.stop("psbccnbj")
    }

    /// One node is killed; the others go on; it comes back and catches up.
    fn kill(&mut self, bank: &str) -> Result<(), Failure> {
        let container = self.container(bank)?;
        self.engine.docker(["kill", container.as_str()]).read()?;
        self.pay("one is killed")?;
        self.engine.docker(["start", container.as_str()]).read()?;
        self.follows(bank)
    }

    /// One node loses its network to the others; they go on; it comes back and catches up.
    fn cut_off(&mut self, bank: &str) -> Result<(), Failure> {
        let (container, network) = (self.container(bank)?, format!("{}_banks", self.project));
        self.engine.docker(["network", "disconnect", &network, &container]).run()?;
        self.pay("one is cut off")?;
        let alias = format!("{bank}.peers");
        self.engine
            .docker(["network", "connect", "--alias", &alias, &network, &container])
            .run()?;
        self.follows(bank)
    }

    /// The observer was admitted, follows, does not vote, and serves.
    fn observe(&self, bank: &str) -> Result<(), Failure> {
        self.follows(bank)?;
        let voting = self.status(bank).and_then(|report| report.status).map(|it| it.voting);
        if voting.as_deref() != Some("observer") {
            return Err(self.found(format!("{bank} is {voting:?}, not an observer")));
        }
        let held = self.wallet(&["balance", PAYEE, "--api", &format!("http://{bank}:7680")])?;
        let expected = format!(" {}.00 ", self.paid * 25);
        if !held.contains(&expected) {
            return Err(self.found(format!("the observer says {held}, not {expected}")));
        }
        output::progress(format_args!(
            "the observer follows, and its balance is proven: {expected}"
        ));
        Ok(())
    }

    /// The light client has verified a header of what is final now.
    fn verifies(&self, client: &str) -> Result<(), Failure> {
        let height = self.status(BANKS[0]).and_then(|report| report.status).map(|it| it.height);
        let goal = height.ok_or_else(|| self.found(format!("{} does not answer", BANKS[0])))?;
        let log = project::root().join("docker/compose.yml");
        let there = until(&format!("the light client at block {goal}"), &log, PATIENCE, || {
            let said = self.compose(["logs", "--no-color", client]).read().ok()?;
            last_verified(&said).filter(|height| *height >= goal)
        });
        let there = there.map_err(|error| self.found(error.to_string()))?;
        output::progress(format_args!("the light client has verified block {there}"));
        Ok(())
    }

    /// Prometheus scrapes every node and has read every rule.
    fn watches(&self) -> Result<(), Failure> {
        if !context::has_prometheus() {
            output::progress(format_args!("LEFT OUT: monitoring: prometheus is not installed"));
            return Ok(());
        }
        self.compose(["--profile", "monitoring", "up", "-d", MONITOR]).run()?;
        let log = project::root().join("docker/compose.yml");
        let up = until("scrapes of all nodes", &log, PATIENCE, || {
            let found = self.ask_monitor("targets?state=active")?;
            let targets = found.pointer("/data/activeTargets")?.as_array()?.clone();
            let up = targets.iter().filter(|target| target["health"] == "up").count();
            (up == BANKS.len()).then_some(up)
        });
        let up = up.map_err(|error| {
            self.found(format!("{error}; Prometheus says {:?}", self.ask_monitor("targets")))
        })?;
        let rules = self.ask_monitor("rules").and_then(|found| {
            let groups = found.pointer("/data/groups")?.as_array()?.clone();
            Some(
                groups
                    .iter()
                    .filter_map(|group| group["rules"].as_array())
                    .map(Vec::len)
                    .sum::<usize>(),
            )
        });
        match rules {
            Some(rules) if rules >= RULES => {
                output::progress(format_args!("Prometheus scrapes {up} nodes, with {rules} rules"));
                Ok(())
            }
            rules => Err(self.found(format!("Prometheus has read {rules:?} rules"))),
        }
    }

    /// What Prometheus answers; none while it does not.
    fn ask_monitor(&self, call: &str) -> Option<Value> {
        let variable = format!("{}_PORT", MONITOR.to_uppercase());
        let (_, port) = self.ports.iter().find(|(name, _)| *name == variable)?;
        let url = format!("http://127.0.0.1:{port}/api/v1/{call}");
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
        agent.get(&url).call().ok()?.body_mut().read_json().ok()
    }

    /// A node that is told to stop ends by itself, and well.
    fn stop(&self, bank: &str) -> Result<(), Failure> {
        let container = self.container(bank)?;
        self.engine.docker(["stop", "-t", "60", &container]).read()?;
        let words = ["inspect", "--format", "{{.State.ExitCode}}", &container];
        let code = self.engine.docker(words).read()?;
        if code.trim() != "0" {
            return Err(self.found(format!("{bank} ended with {} when told to stop", code.trim())));
        }
        output::progress(format_args!("{bank} drained and ended with 0"));
        Ok(())
    }

    fn pay(&mut self, when: &str) -> Result<(), Failure> {
        let words =
            ["pay", PAYEE, "25.00 CNY", "--from", "PSBCCNBJ/wei", "--yes", "--timeout", "100"];
        let said = self.wallet(&words)?;
        self.paid += 1;
        output::progress(format_args!("{when}: {}", said.trim()));
        Ok(())
    }

    /// Waits until a node has everything that is final now.
    fn follows(&self, bank: &str) -> Result<(), Failure> {
        let height = |report: Report| report.status.map(|status| status.height);
        let goal = self.status(BANKS[0]).and_then(height);
        let goal = goal.ok_or_else(|| self.found(format!("{} does not answer", BANKS[0])))?;
        let log = project::root().join("docker/compose.yml");
        let there = until(&format!("{bank} at block {goal}"), &log, PATIENCE, || {
            let report = self.status(bank).filter(|report| report.ready)?;
            height(report).filter(|height| *height >= goal)
        });
        let there = there.map_err(|error| self.found(error.to_string()))?;
        output::progress(format_args!("{bank} is ready at block {there}"));
        Ok(())
    }

    /// What a node says of itself; none while it does not run.
    fn status(&self, bank: &str) -> Option<Report> {
        let container = self.container(bank).ok()?;
        let program = "feiqian-node status --home /var/lib/feiqian/node --wait 5 --output json";
        // The image has no shell: the exit code of a node that is not ready is dropped here.
        let docker = self.engine.docker(["exec", &container]).to_string();
        let task = Task::new("sh", ["-c", &format!("{docker} {program} 2>/dev/null || true")]);
        serde_json::from_str(&task.read().ok()?).ok()
    }

    fn wallet(&self, words: &[&str]) -> Result<String, Failure> {
        let run = ["run", "--rm", "-T", "wallet"].into_iter();
        self.compose(run.chain(words.iter().copied())).read()
    }

    fn container(&self, service: &str) -> Result<String, Failure> {
        let task = self.compose(["ps", "-q", "-a", service]);
        let name = task.read()?.trim().to_owned();
        if name.is_empty() { Err(task.answer("no container is named")) } else { Ok(name) }
    }

    fn compose<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Task {
        let file = project::root().join("docker/compose.yml").display().to_string();
        let before = ["--project-name", &self.project, "--file", &file].map(str::to_owned);
        let words = words.into_iter().map(|word| word.as_ref().to_owned());
        let task = self.engine.compose(before.into_iter().chain(words));
        self.ports.iter().fold(task, |task, (name, port)| task.with(name, port.to_string()))
    }

    fn found(&self, what: String) -> Failure {
        Failure::Found { summary: format!("the network in containers: {what}") }
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        let _removed = self
            .compose(["--profile", "monitoring", "down", "--volumes", "--timeout", "5"])
            .succeeds();
    }
}

/// The height of the last header that a light client says it has verified.
fn last_verified(said: &str) -> Option<u64> {
    let heights = said.lines().filter_map(|line| {
        let (_, rest) = line.split_once("block ")?;
        rest.split_whitespace().next()?.parse().ok()
    });
    heights.max()
}

/// A port that nobody has at this moment.
fn free_port() -> Result<u16, Failure> {
    let bound = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let refused =
        |error: std::io::Error| Failure::Found { summary: format!("no free port: {error}") };
    bound.map(|address| address.port()).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::last_verified;

    #[test]
    fn the_last_verified_block_is_read_from_the_log() {
        let said = "light_1 | block 7  2026-01-01T00:00:00Z  0011  3 signed  from http://a\n\
                    light_1 | block 12  2026-01-01T00:00:01Z  2233  3 signed  from http://b\n";
        assert_eq!(last_verified(said), Some(12));
        assert_eq!(last_verified("light_1 | error[not-found]: no block here"), None);
    }
}
